// Trainings in several threads and in several processes at once: right numbers, and no crash at the end.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describeNative } from '../engine/onednn/support.ts';
import { type Training, trainSmall } from './small-training.ts';

const program = new URL('small-training.ts', import.meta.url);

/** `again`: it trains over and over, until it is stopped. */
function startWorker(training: Training, again: boolean): Worker {
  // On Node 20, hooks of the main thread that load TypeScript do not reach into workers.
  const script = `
    const { tsx, program } = require('node:worker_threads').workerData;
    import(tsx).then(({ register }) => {
      register();
      return import(program);
    });`;
  const workerData = { ...training, again, program: program.href, tsx: import.meta.resolve('tsx/esm/api') };
  return new Worker(script, { eval: true, execArgv: [], workerData });
}

async function inWorker(training: Training): Promise<number[]> {
  const worker = startWorker(training, false);
  const [[losses], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  assert.equal(code, 0);
  return losses as number[];
}

async function inProcess(training: Training): Promise<number[]> {
  const child = fork(fileURLToPath(program), [JSON.stringify(training)], { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit').then((how) => assert.deepEqual(how, [0, null]));
  const [[losses]] = await Promise.all([once(child, 'message'), ended]);
  return losses as number[];
}

const twoThreads = { threads: 2, epochs: 2 };
const oneThread = { threads: 1, epochs: 2 };

describeNative('training side by side', () => {
  it('gives the same in worker threads as in the main thread', async () => {
    const alone = await trainSmall(oneThread);
    const expected = await trainSmall(twoThreads);
    assert.ok(expected.at(-1)! < expected[0]!, 'it learns');
    const [first, second, main] = await Promise.all([
      inWorker(twoThreads),
      inWorker(oneThread),
      trainSmall(twoThreads),
    ]);
    assert.deepEqual(first, expected);
    assert.deepEqual(second, alone);
    assert.deepEqual(main, expected);
  });

  it('goes on where a worker was stopped in the middle of its work', async () => {
    const expected = await trainSmall(twoThreads);
    const worker = startWorker(twoThreads, true);
    const [losses] = await once(worker, 'message');
    assert.deepEqual(losses, expected);
    await worker.terminate();
    assert.deepEqual(await trainSmall(twoThreads), expected);
  });

  it('gives the same in two processes at once', async () => {
    const results = await Promise.all([inProcess(twoThreads), inProcess(twoThreads)]);
    const expected = await trainSmall(twoThreads);
    for (const losses of results) assert.deepEqual(losses, expected);
  });
});
