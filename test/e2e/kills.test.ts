// A run that is killed again and again ends as one that is not. KILLS=50 kills it fifty times.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../src/random.ts';
import { temporaryDirectory } from '../train/support.ts';

const script = fileURLToPath(new URL('survivor.ts', import.meta.url));
const root = temporaryDirectory();
const kills = Number(process.env.KILLS ?? 6);

interface Life {
  /** Milliseconds from the start of the process to that of training. */
  readonly toTraining?: number;
  /** Of training, where it came to its end. */
  readonly training?: number;
}

/**
 * Lets a process work on the run in `directory`, and kills it `after` so many milliseconds from its start, or from where
 * it begins to train. Its end is awaited.
 */
async function live(
  directory: string,
  kill?: { readonly from: 'start' | 'training'; readonly after: number },
): Promise<Life> {
  const born = performance.now();
  const child = fork(script, [directory], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const life: { toTraining?: number; training?: number } = {};
  const timers: NodeJS.Timeout[] = [];
  const killLater = (from: 'start' | 'training') => {
    if (kill?.from === from) timers.push(setTimeout(() => child.kill('SIGKILL'), kill.after));
  };
  killLater('start');
  child.on('message', (message: 'training' | { milliseconds: number }) => {
    if (message !== 'training') life.training = message.milliseconds;
    else {
      life.toTraining = performance.now() - born;
      killLater('training');
    }
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.on('close', (...ended) => resolve(ended)),
  );
  timers.forEach(clearTimeout);
  assert.ok(signal === 'SIGKILL' || code === 0, `exit code ${code}: ${stderr}`);
  return signal ? {} : life;
}

/** All that a run has to show: its records, and every file of every checkpoint that it keeps. */
function outcomeOf(directory: string): Record<string, string> {
  const parent = join(directory, 'survivor');
  const runs = readdirSync(parent).filter((name) => existsSync(join(parent, name, 'experiment.json')));
  assert.equal(runs.length, 1);
  const run = join(parent, runs[0] as string);
  const names = readdirSync(run, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(run.length + 1));
  const left = names.filter((name) => /\.tmp($|\/)|^lock$|^interrupted\//.test(name));
  assert.deepEqual(left, [], 'nothing is left of what was killed');
  const kept = names.filter((name) => /^(metrics\.jsonl$|data\.json$|epoch-|images\/)/.test(name));
  return Object.fromEntries(kept.sort().map((name) => [name, readFileSync(join(run, name), 'base64')]));
}

test(`a run that is killed ${kills} times at any moment ends as one that is not`, async (t) => {
  const whole = join(root, 'whole');
  mkdirSync(whole);
  const { toTraining = 0, training = 0 } = await live(whole);
  const expected = outcomeOf(whole);
  assert.ok(Object.keys(expected).some((name) => name.endsWith('epoch-0016/weights.bin')));

  const random = createRandom(20).stream('kills');
  let [done, rounds, late] = [0, 0, 0];
  while (done < kills) {
    const directory = join(root, `round-${rounds++}`);
    mkdirSync(directory);
    for (let ended = false; !ended; ) {
      // One in four before it trains, the others anywhere in a quarter of a training: that they are several a run.
      const share = random.uniform();
      const kill =
        done % 4 === 3
          ? ({ from: 'start', after: share * toTraining } as const)
          : ({ from: 'training', after: (share * training) / 4 } as const);
      const life = await live(directory, done < kills ? kill : undefined);
      if (life.training === undefined) done++;
      else if (done < kills) late++;
      ended = life.training !== undefined;
    }
    assert.deepEqual(outcomeOf(directory), expected, `round ${rounds}`);
  }
  t.diagnostic(`${done} kills in ${rounds} runs; ${late} runs ended before they were killed`);
});
