// The commands of README.md, docs/guide.md and docs/reports.md, in their order, as they stand there. They run in this
// process, in a directory whose experiments have the names of those that are shipped and take seconds.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../src/cli/commands.ts';
import { openDatasets } from '../../src/data/open-datasets.ts';
import { temporaryDirectory } from '../train/support.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const started = process.cwd();
after(() => process.chdir(started));

/** Programs that are not ours, and what runs in a test or a script of its own. */
const elsewhere = [/^npm test$/, /^tensorboard /];

/** The commands of a document: the lines of its code blocks, without what is said beside them. */
function commandsOf(document: string): string[] {
  const text = readFileSync(join(checkout, document), 'utf8');
  // Between fences; every second part is code.
  const blocks = text.split(/^```.*$/m).filter((_, i) => i % 2 === 1);
  const lines = blocks.flatMap((block) => block.split('\n')).map((line) => line.replace(/ {2,}.*$/, ''));
  return lines.filter((line) => /^(npm|medrobust|tensorboard) /.test(line));
}

/** What a command gives to `medrobust`. `script/demo` ends in a training of the demo. */
function wordsOf(command: string): string[] {
  if (command === 'npm run demo') return ['train', 'demo'];
  const [, words = ''] =
    /^(?:medrobust|npm run medrobust --|npm run(?= train| evaluate)) (.*)$/.exec(command) ?? [];
  return words
    .split(' ')
    .filter((word) => word !== '--')
    .map((word) => word.replace(/^(checkpoints\/.*)\/<run>$/, (_, parent) => join(parent, newestIn(parent))));
}

function newestIn(directory: string): string {
  return readdirSync(directory).sort().at(-1) as string;
}

/** A shipped experiment, small enough for a test. */
function shrunken(name: string, net: string): string {
  return `import shipped from ${JSON.stringify(join(checkout, 'experiments', `${name}.ts`))};
const task = shipped.metrics.includes('dice') ? 'segmentation' : 'classification';
export default {
  ...shipped,
  data: {
    dataset: { name: 'skinLesions', count: 24, size: 32, difficulty: 0, task },
    split: { validation: 0.25, test: 0.25 },
    batchSize: 6,
  },
  net: ${net},
  epochs: 1,
  robustness: { ...shipped.robustness, everyEpochs: 1, images: 2 },
};
`;
}

const nets = {
  demo: "{ name: 'cifarResnet', depth: 8 }",
  'isic-inceptionV3': "{ name: 'cifarResnet', depth: 8 }",
  'isic-lesion-unet': '{ ...shipped.net, depth: 2, filters: 2 }',
};

/** Runs a command here; `onOutput` sees what it has printed so far. Standard output goes where it goes, too. */
async function run(words: readonly string[], onOutput: (stdout: string) => void = () => {}): Promise<string> {
  const { write } = process.stdout;
  let stdout = '';
  process.stdout.write = ((chunk: string | Uint8Array, ...rest: []) => {
    if (typeof chunk === 'string') {
      stdout += chunk;
      onOutput(stdout);
    }
    return write.call(process.stdout, chunk, ...rest);
  }) as typeof write;
  try {
    await runCommand(words);
  } finally {
    process.stdout.write = write;
  }
  return stdout;
}

/** As Ctrl-C, once `sign` is printed; the exit code is that of a command that was interrupted. */
async function interrupted(words: readonly string[], sign: RegExp): Promise<string> {
  const before = process.exitCode;
  let done = false;
  const stdout = await run(words, (printed) => {
    if (done || !sign.test(printed)) return;
    done = true;
    setImmediate(() => process.emit('SIGINT', 'SIGINT'));
  });
  assert.equal(process.exitCode, 130);
  process.exitCode = before;
  return stdout;
}

test('commands of the guides', async (t) => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'experiments'));
  for (const [name, net] of Object.entries(nets))
    writeFileSync(join(directory, 'experiments', `${name}.ts`), shrunken(name, net));
  process.chdir(directory);
  // docs/reports.md is about runs that are there.
  for (const document of ['README.md', 'docs/guide.md', 'docs/reports.md']) {
    const commands = commandsOf(document).filter((command) => !elsewhere.some((one) => one.test(command)));
    assert.ok(commands.length >= 4, `${document}: ${commands.length} commands`);
    for (const [i, command] of commands.entries()) {
      await t.test(`${document}: ${command}`, () => follow(command, commands[i + 1]));
    }
  }
  assert.deepEqual(readdirSync('comparison').sort(), [
    ...['compare.csv', 'compare.md', 'compare.tex', 'plane.png', 'plane.svg'],
  ]);
  // Net, experiment, differences, and two seeds.
  assert.match(readFileSync('comparison/compare.csv', 'utf8'), /^mobilenetV1,demo,[^,]*,\d+ \d+,/m);
  const newest = join('checkpoints/demo', newestIn('checkpoints/demo'));
  assert.ok(existsSync(join(newest, 'report.html')));
  const inL0 = readdirSync('checkpoints/demo').filter((name) =>
    existsSync(join('checkpoints/demo', name, 'evaluations/test-best-l0.json')),
  );
  assert.equal(inL0.length, 1, 'what was attacked in another norm stands beside');
  await assert.rejects(
    runCommand(['evaluate', newest, '--set', 'epochs=3']),
    /expected a part of data or robustness/,
  );
});

/** A training that is resumed in the next line is interrupted. */
async function follow(command: string, next: string | undefined): Promise<void> {
  const words = wordsOf(command);
  if (words[1] === 'download') assert.ok(Object.hasOwn(openDatasets, words[2] ?? ''));
  else if (words[0] === 'watch') await interrupted(words, /http:\S+/);
  else if (/ --resume$/.test(next ?? ''))
    assert.match(await interrupted(words, /^robustness: /m), /Go on with: /);
  else {
    // A test that failed before has set it.
    const before = process.exitCode;
    assert.ok((await run(words)).length > 0);
    assert.equal(process.exitCode, before);
  }
}
