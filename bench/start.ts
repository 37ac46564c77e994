// How long the compiled program takes to answer, and to its first step of training: the fastest and the median of several.
//
//   npm run build
//   node --import tsx bench/start.ts          or with another number of rounds than 5

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './rows.ts';

const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
// The bar is drawn on terminals only, from the first step on.
const asTerminal = ['--import', 'data:text/javascript,process.stdout.isTTY=true'];
const directory = mkdtempSync(join(tmpdir(), 'medrobust-start-'));

const cases: readonly { what: string; words: readonly string[]; until?: RegExp }[] = [
  { what: 'node alone', words: ['-e', '0'] },
  { what: 'medrobust --help', words: [program, '--help'] },
  { what: 'medrobust train --help', words: [program, 'train', '--help'] },
  { what: 'medrobust list nets', words: [program, 'list', 'nets'] },
  { what: 'medrobust doctor', words: [program, 'doctor'] },
  {
    what: 'medrobust train demo, to the first step',
    words: [...asTerminal, program, 'train', 'demo', '--directory', directory],
    until: /epoch 1\/\d+ \S+ loss/,
  },
];

/** Milliseconds to the end of a process, or to the first output that fits. */
function time(words: readonly string[], until?: RegExp): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let milliseconds: number | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (milliseconds !== undefined || !until?.test(text)) return;
    milliseconds = performance.now() - started;
    child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      const ended = until ? milliseconds : code === 0 ? performance.now() - started : undefined;
      if (ended === undefined) reject(new Error(`${words.join(' ')} ended with ${code}`));
      else resolve(ended);
    });
  });
}

try {
  const rounds = Number(process.argv[2] ?? 5);
  const times = new Map<string, number[]>(cases.map(({ what }) => [what, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { what, words, until } of cases) times.get(what)?.push(await time(words, until));
  }
  for (const [what, all] of times) {
    console.log(
      `${what.padEnd(42)}${Math.min(...all)
        .toFixed(0)
        .padStart(6)} ms, median ${median(all).toFixed(0)} ms`,
    );
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
