// Options that several commands take.

import { UsageError } from '../errors.ts';

export const ENGINES = ['auto', 'tfjs-node-gpu', 'onednn', 'tfjs-node', 'cpu'] as const;

export const PRECISIONS = ['float32', 'bf16'] as const;

export interface EngineArguments {
  readonly engine: (typeof ENGINES)[number] | undefined;
  readonly precision: (typeof PRECISIONS)[number] | undefined;
  readonly threads: string | undefined;
}

/** Those that were given. Throws `UsageError` for a number of threads that is none. */
export function parseEngine({ engine, precision, threads: count }: EngineArguments) {
  const threads = parseCount(count, '--threads');
  return { ...(engine && { engine }), ...(precision && { precision }), ...(threads && { threads }) };
}

export const engineOptions = {
  engine: { choices: ENGINES, describe: 'What computes; auto takes the fastest that works' },
  precision: {
    choices: PRECISIONS,
    describe: 'What activations are stored as; bf16 needs onednn and a processor with it',
  },
  threads: { type: 'string', describe: 'Threads of the engine; all processors by default' },
} as const;

export const workersOption = {
  workers: {
    type: 'string',
    describe: 'Threads that load and augment training images; 0: none beside the main one',
  },
} as const;

export const setOption = {
  set: {
    type: 'string',
    array: true,
    nargs: 1,
    default: [],
    describe: 'Change a part of the experiment: path=value',
  },
} as const;

export const directoryOption = {
  directory: { type: 'string', default: 'checkpoints', describe: 'Where runs are kept' },
} as const;

/** A count such as `--threads 2`; undefined where it was not given. Throws `UsageError` below `least`. */
export function parseCount(text: string | undefined, owner: string, least = 1): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (text.trim() !== '' && Number.isInteger(count) && count >= least) return count;
  throw new UsageError(`${owner}: expected a whole number of at least ${least}, received "${text}".`);
}
