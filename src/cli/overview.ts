// What there is to be said before anything is loaded: reading yargs and its tables of Unicode takes longer than a start.

/** What each command is called with, and what it is for. */
export const COMMANDS = {
  train: { command: 'train [experiment]', describe: 'Train a net and measure it every epoch' },
  evaluate: {
    command: 'evaluate <run>',
    describe: 'Measure a trained net: clean metrics and robustness curves',
  },
  compare: {
    command: 'compare <runs..>',
    describe: 'Generalisation beside robustness: one row a net, mean ± deviation over its seeds and folds',
  },
  diagnose: {
    command: 'diagnose <run>',
    describe: 'Check whether the robustness of a net is to be believed: all checks of docs/sanity-checks.md',
  },
  report: {
    command: 'report <runs..>',
    describe: 'Write one page of a run, or of several beside each other, that opens offline',
  },
  watch: { command: 'watch <runs..>', describe: 'Show the report in a browser while the run goes on' },
  list: {
    command: 'list <kind>',
    describe: 'List what there is to choose from, with options and their defaults',
  },
  data: { command: 'data', describe: 'Look into data before training on them, or download open ones' },
  describe: {
    command: 'describe <net>',
    describe: 'Say how large a net is: parameters, multiply-adds, shapes',
  },
  import: {
    command: 'import <file> <net>',
    describe: 'Fit weights from elsewhere to a net, and say what was missing, unused or reshaped',
  },
  export: { command: 'export <run>', describe: 'Write a trained net for other programs' },
  doctor: {
    command: 'doctor',
    describe: 'Say which engines work on this machine, and why the others do not',
  },
} as const;

export type CommandName = keyof typeof COMMANDS;

export const SUMMARY = 'Trains medical-imaging nets from scratch and measures their robustness every epoch.';

export const EXAMPLES = [
  ['train demo', 'train on made-up images: data, curves and checkpoints in a minute or two'],
  ['list nets', 'what an experiment can choose from'],
] as const;

/** Columns of text that help is set in. */
export function helpWidth(): number {
  return Math.min(110, process.stdout.columns ?? 110);
}

/** What `--help` alone prints, as yargs sets it. */
export function formatOverview(width = helpWidth()): string {
  const commands = Object.values(COMMANDS).map(
    ({ command, describe }) => [`  medrobust ${command}`, describe] as const,
  );
  const options = [
    ['--help', 'Show help'],
    ['--version', 'Show version number'],
  ].map(([name, what]) => `  ${name?.padEnd(9)}  ${what}`);
  const examples = EXAMPLES.map(([words, what]) => [`  medrobust ${words}`, what] as const);
  return [
    'medrobust <command>',
    '',
    ...broken(SUMMARY, width),
    '',
    'Commands:',
    ...inColumns(commands, width),
    '',
    'Options:',
    ...options.map((line) => `${line.padEnd(width - '[boolean]'.length)}[boolean]`),
    '',
    'Examples:',
    ...inColumns(examples, width),
    '',
  ].join('\n');
}

/** Rows of two columns; the second is broken between words. */
function inColumns(rows: readonly (readonly [string, string])[], width: number): string[] {
  const left = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.flatMap(([name, text]) =>
    broken(text, width - left).map((line, i) => `${(i === 0 ? name : '').padEnd(left)}${line}`),
  );
}

function broken(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}
