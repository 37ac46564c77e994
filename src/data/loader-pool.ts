import { Worker } from 'node:worker_threads';
import { RunError } from '../errors.ts';
import type { DecodedBatch } from './decoded-batch.ts';
import type { WorkerTask } from './loader-worker.ts';
import { type BatchRequest, type SentError, unpackError } from './training-batches.ts';

interface Answer {
  readonly key: number;
  readonly batch?: DecodedBatch;
  readonly error?: SentError;
}

interface Member {
  readonly worker: Worker;
  /** Whether it has opened the data, or failed to. */
  ready: boolean;
  readonly pending: Map<number, { resolve(batch: DecodedBatch): void; reject(error: Error): void }>;
  /** Why it can do nothing any more. */
  failure?: Error;
}

/** Workers that make batches. */
export interface LoaderPool {
  make(request: BatchRequest): Promise<DecodedBatch>;
  /** Whether all workers have opened the data, or failed to. */
  ready(): boolean;
  /** Ends the workers when they have finished what was asked for. */
  close(): Promise<void>;
}

function startWorker(workerData: WorkerTask): Worker {
  if (import.meta.url.endsWith('.js'))
    return new Worker(new URL('./loader-worker.js', import.meta.url), { workerData });
  // On Node 20, hooks of the main thread that load TypeScript do not reach into workers.
  const script = `
    const { tsx, program } = require('node:worker_threads').workerData;
    import(tsx).then(({ register }) => {
      register();
      return import(program);
    });`;
  const program = new URL('./loader-worker.ts', import.meta.url).href;
  const tsx = import.meta.resolve('tsx/esm/api');
  return new Worker(script, { eval: true, execArgv: [], workerData: { ...workerData, program, tsx } });
}

function join(workerData: WorkerTask): Member {
  const member: Member = { worker: startWorker(workerData), ready: false, pending: new Map() };
  const fail = (error: Error) => {
    member.failure ??= error;
    for (const { reject } of member.pending.values()) reject(error);
    member.pending.clear();
  };
  member.worker.on('message', (answer: 'ready' | Answer) => {
    if (answer === 'ready') {
      member.ready = true;
      return;
    }
    const { key, batch, error } = answer;
    const waiting = member.pending.get(key);
    member.pending.delete(key);
    if (batch) waiting?.resolve(batch);
    else waiting?.reject(unpackError(error as SentError));
  });
  member.worker.on('error', (error) => {
    fail(
      new RunError(`A worker that loads images failed: ${error.message}. Try fewer --workers.`, {
        cause: error,
      }),
    );
  });
  member.worker.on('exit', (code) =>
    fail(new RunError(`A worker that loads images ended with code ${code}.`)),
  );
  return member;
}

export function openPool(count: number, task: WorkerTask): LoaderPool {
  const members = Array.from({ length: count }, () => join(task));
  let key = 0;
  return {
    make(request) {
      const { worker, pending, failure } = members.reduce((least, member) =>
        member.pending.size < least.pending.size ? member : least,
      );
      if (failure) return Promise.reject(failure);
      key++;
      return new Promise((resolve, reject) => {
        pending.set(key, { resolve, reject });
        worker.postMessage({ ...request, key });
      });
    },
    ready: () => members.every(({ ready }) => ready),
    async close() {
      await Promise.all(
        members.map(async ({ worker, failure }) => {
          if (failure) return;
          const ended = new Promise((resolve) => worker.once('exit', resolve));
          worker.postMessage('close');
          await ended;
        }),
      );
    },
  };
}
