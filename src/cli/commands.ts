import type { CommandModule } from 'yargs';
import { listChoices, UsageError } from '../errors.ts';
import { version } from '../train/package-version.ts';
import { mistake } from './mistake.ts';
import { COMMANDS, type CommandName, EXAMPLES, formatOverview, helpWidth, SUMMARY } from './overview.ts';

/** Loaded when it is named. */
const modules: Readonly<Record<CommandName, () => Promise<unknown>>> = {
  train: async () => (await import('./train.ts')).trainCommand,
  evaluate: async () => (await import('./evaluate.ts')).evaluateCommand,
  compare: async () => (await import('./compare.ts')).compareCommand,
  diagnose: async () => (await import('./diagnose.ts')).diagnoseCommand,
  report: async () => (await import('./report.ts')).reportCommand,
  watch: async () => (await import('./watch.ts')).watchCommand,
  list: async () => (await import('./list.ts')).listCommand,
  data: async () => (await import('./data.ts')).dataCommand,
  describe: async () => (await import('./describe.ts')).describeCommand,
  import: async () => (await import('./import.ts')).importCommand,
  export: async () => (await import('./export.ts')).exportCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
};

/** Runs the command that `words` name: what follows `medrobust`. Throws `UsageError` for what cannot be understood. */
export async function runCommand(words: readonly string[]): Promise<void> {
  if (words.length === 1 && words[0] === '--help') process.stdout.write(formatOverview());
  else if (words.length === 1 && words[0] === '--version') process.stdout.write(`${version()}\n`);
  else await parse(words);
}

async function parse(words: readonly string[]): Promise<void> {
  const { default: yargs } = await import('yargs');
  const parser = yargs(words as string[])
    .scriptName('medrobust')
    .usage(`$0 <command>\n\n${SUMMARY}`)
    .version(version());
  // A command that is not among the words cannot be meant: its name and description are enough.
  for (const [name, load] of Object.entries(modules)) {
    parser.command(
      words.includes(name)
        ? ((await load()) as CommandModule)
        : { ...COMMANDS[name as CommandName], handler: () => {} },
    );
  }
  for (const [example, what] of EXAMPLES) parser.example(`$0 ${example}`, what);
  await parser
    .demandCommand(1, `Expected a command: ${listChoices(Object.keys(COMMANDS))}.`)
    .recommendCommands()
    .strict()
    .wrap(helpWidth())
    .exitProcess(false)
    .check(eachOnce)
    .fail((message, error) => {
      // What the parser throws itself is a mistake in the words, too.
      throw error && error.name !== 'YError' ? error : mistake(message ?? error.message, words);
    })
    .parseAsync();
}

/** `yargs` makes a list of an option that stands there twice. */
function eachOnce(parsed: Readonly<Record<string, unknown>>): true {
  const lists = ['_', '$0', 'set', 'runs'];
  const twice = Object.keys(parsed).find((name) => Array.isArray(parsed[name]) && !lists.includes(name));
  if (twice === undefined) return true;
  throw new UsageError(`--${twice}: expected once, received ${(parsed[twice] as unknown[]).join(' and ')}.`);
}
