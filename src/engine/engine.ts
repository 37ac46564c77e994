// Chooses what computes. On every engine the gradients and layers are ours where tfjs' own are wrong.

import * as tf from '@tensorflow/tfjs';
import { listChoices, messageOf, RunError, UsageError } from '../errors.ts';
import { installGradients } from './gradients/install.ts';
import { loadBinding } from './onednn/binding.ts';
import { backendName, registerOneDnn, setPrecision, setThreads } from './onednn/register.ts';
import { openTensorFlow } from './tensorflow/open.ts';
import { physicalCores } from './threads.ts';

/** The order in which `auto` tries them. */
export const engineNames = ['tfjs-node-gpu', 'onednn', 'tfjs-node', 'cpu'] as const;

export type EngineName = (typeof engineNames)[number];

/** What activations are stored as: 'bf16' rounds them, and what convolutions multiply; sums and weights are float32. */
export const precisions = ['float32', 'bf16'] as const;

export type Precision = (typeof precisions)[number];

export interface EngineOptions {
  /** For `onednn`; default: the physical cores. */
  readonly threads?: number;
  /** Default 'float32'; 'bf16' is for `onednn`, on processors that have it. */
  readonly precision?: Precision;
}

export interface Engine {
  readonly name: EngineName;
  /** One line for logs; that of `cpu` says how to get a fast one. */
  readonly description: string;
  /** Cores that kernels use; 0 where the engine decides by itself. */
  readonly threads: number;
  readonly precision: Precision;
  /** The engines that `auto` passed over, and why. */
  readonly skipped: readonly { readonly name: EngineName; readonly reason: string }[];
}

type Opened = Omit<Engine, 'name' | 'skipped' | 'precision'>;

// Of the last engine that was asked for.
let threadsInUse: number | undefined;
let precisionInUse: Precision = 'float32';

const openers: Readonly<Record<EngineName, (threads: number, precision: Precision) => Promise<Opened>>> = {
  'tfjs-node-gpu': async () => {
    const version = await openTensorFlow('tfjs-node-gpu');
    return { description: `TensorFlow ${version} on the GPU, through tfjs-node-gpu`, threads: 0 };
  },
  onednn: async (threads, precision) => {
    registerOneDnn();
    setThreads(threads);
    setPrecision(precision);
    await tf.setBackend(backendName);
    const { oneDnn, instructions, parallel } = loadBinding().build;
    const library = oneDnn ? `oneDNN ${oneDnn}` : 'native kernels without oneDNN';
    const cores = parallel ? threads : 1;
    return {
      description: `${library}, ${instructions}, ${precision}, ${cores} thread${cores > 1 ? 's' : ''}`,
      threads: cores,
    };
  },
  'tfjs-node': async () => {
    const version = await openTensorFlow('tfjs-node');
    return { description: `TensorFlow ${version}, through tfjs-node`, threads: 0 };
  },
  cpu: async () => {
    await tf.setBackend('cpu');
    // Keeps tfjs from printing an advertisement.
    Reflect.set(tf.backend(), 'firstUse', false);
    const advice = 'for the fast engine install a C++ compiler and oneDNN, then run "npm run build:native"';
    return { description: `plain JavaScript, slow; ${advice}`, threads: 1 };
  },
};

/** One line that says why an engine cannot be used. */
function reasonOf(error: unknown): string {
  const code = (error as { code?: string }).code;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return 'package not installed';
  const message = messageOf(error).split('\n')[0] ?? '';
  return /tfjs_binding|Node-API|napi/i.test(message) ? 'its native binding was not found' : message;
}

/** A small convolution, whose result is known: a backend that loads may still not work. */
function checkArithmetic(): void {
  const sum = tf.tidy(() => {
    const image = tf.ones<tf.Rank.R4>([1, 3, 3, 2]);
    return tf
      .conv2d(image, tf.ones([2, 2, 2, 1]), 1, 'valid')
      .sum()
      .dataSync()[0];
  });
  if (sum !== 32) throw new RunError(`a test convolution gave ${sum} instead of 32`);
}

async function open(name: EngineName, threads: number, precision: Precision): Promise<Opened> {
  const opened = await openers[name](threads, precision);
  checkArithmetic();
  return opened;
}

function requireThreads(threads: number): void {
  if (Number.isInteger(threads) && threads >= 1 && threads <= 1024) return;
  throw new UsageError(`threads: expected an integer from 1 to 1024, received ${threads}.`);
}

/**
 * Makes an engine that of all tfjs operations from now on, and installs our gradients and layers.
 *
 * `auto` takes the first that works of tfjs-node-gpu, onednn, tfjs-node and cpu; with precision 'bf16', onednn. May be called again, with another name too; tensors move along when
 * they are used. Works in worker threads, each with its own `threads`; where no other thread loaded `onednn`
 * before, start Node with `OMP_WAIT_POLICY=passive`, or idle cores wait busily and slow other processes down.
 * Throws `RunError` where the engine named cannot be used, and for 'bf16' on a processor without it.
 */
export async function useEngine(
  name: 'auto' | EngineName = 'auto',
  { threads = physicalCores(), precision = 'float32' }: EngineOptions = {},
): Promise<Engine> {
  requireThreads(threads);
  if (!precisions.includes(precision)) {
    throw new UsageError(`There is no precision "${precision}". Choose ${listChoices(precisions)}.`);
  }
  if (name !== 'auto' && !engineNames.includes(name)) {
    throw new UsageError(`There is no engine "${name}". Choose ${listChoices(['auto', ...engineNames])}.`);
  }
  if (precision === 'bf16' && name !== 'auto' && name !== 'onednn') {
    throw new UsageError(`Engine ${name} has no precision bf16; onednn has.`);
  }
  installGradients();
  const skipped: { name: EngineName; reason: string }[] = [];
  const candidates = precision === 'bf16' ? (['onednn'] as const) : engineNames;
  for (const candidate of name === 'auto' ? candidates : [name]) {
    try {
      const opened = await open(candidate, threads, precision);
      [threadsInUse, precisionInUse] = [threads, precision];
      return { name: candidate, skipped, precision, ...opened };
    } catch (error) {
      skipped.push({ name: candidate, reason: reasonOf(error) });
    }
  }
  const advice = name === 'onednn' ? ' Run "npm run build:native".' : '';
  throw new RunError(`Engine ${name} cannot be used: ${skipped.at(-1)?.reason}.${advice}`);
}

/** What activations are stored as, of the engine that was asked for last. */
export function currentPrecision(): Precision {
  return precisionInUse;
}

/** Tries every engine; afterwards, the one in use is the one that was. */
export async function probeEngines(): Promise<{ name: EngineName; works: boolean; reason: string }[]> {
  const before = tf.engine().backendName;
  installGradients();
  const results = [];
  for (const name of engineNames) {
    try {
      const { description } = await open(name, threadsInUse ?? physicalCores(), precisionInUse);
      results.push({ name, works: true, reason: description });
    } catch (error) {
      results.push({ name, works: false, reason: reasonOf(error) });
    }
  }
  if (before) await tf.setBackend(before);
  return results;
}
