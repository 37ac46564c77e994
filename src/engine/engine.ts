// Chooses what computes. On every engine the gradients and layers are ours where tfjs' own are wrong.

import * as tf from '@tensorflow/tfjs';
import { listChoices, messageOf, RunError, UsageError } from '../errors.ts';
import { installGradients } from './gradients/install.ts';
import { loadBinding } from './onednn/binding.ts';
import { backendName, registerOneDnn, setThreads } from './onednn/register.ts';
import { openTensorFlow } from './tensorflow/open.ts';
import { physicalCores } from './threads.ts';

/** The order in which `auto` tries them. */
export const engineNames = ['tfjs-node-gpu', 'onednn', 'tfjs-node', 'cpu'] as const;

export type EngineName = (typeof engineNames)[number];

export interface Engine {
  readonly name: EngineName;
  /** One line for logs; that of `cpu` says how to get a fast one. */
  readonly description: string;
  /** Cores that kernels use; 0 where the engine decides by itself. */
  readonly threads: number;
  /** The engines that `auto` passed over, and why. */
  readonly skipped: readonly { readonly name: EngineName; readonly reason: string }[];
}

type Opened = Omit<Engine, 'name' | 'skipped'>;

// Of the last engine that was asked for.
let threadsInUse: number | undefined;

const openers: Readonly<Record<EngineName, (threads: number) => Promise<Opened>>> = {
  'tfjs-node-gpu': async () => {
    const version = await openTensorFlow('tfjs-node-gpu');
    return { description: `TensorFlow ${version} on the GPU, through tfjs-node-gpu`, threads: 0 };
  },
  onednn: async (threads) => {
    registerOneDnn();
    setThreads(threads);
    await tf.setBackend(backendName);
    const { oneDnn, instructions, parallel } = loadBinding().build;
    const library = oneDnn ? `oneDNN ${oneDnn}` : 'native kernels without oneDNN';
    const cores = parallel ? threads : 1;
    return {
      description: `${library}, ${instructions}, ${cores} thread${cores > 1 ? 's' : ''}`,
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

async function open(name: EngineName, threads: number): Promise<Opened> {
  const opened = await openers[name](threads);
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
 * `auto` takes the first that works of tfjs-node-gpu, onednn, tfjs-node and cpu. `threads` (default: the
 * physical cores) is for `onednn`. May be called again, with another name too; tensors move along when
 * they are used. Works in worker threads, each with its own `threads`; where no other thread loaded `onednn`
 * before, start Node with `OMP_WAIT_POLICY=passive`, or idle cores wait busily and slow other processes down.
 * Throws `RunError` where the engine named cannot be used.
 */
export async function useEngine(
  name: 'auto' | EngineName = 'auto',
  { threads = physicalCores() }: { readonly threads?: number } = {},
): Promise<Engine> {
  requireThreads(threads);
  if (name !== 'auto' && !engineNames.includes(name)) {
    throw new UsageError(`There is no engine "${name}". Choose ${listChoices(['auto', ...engineNames])}.`);
  }
  installGradients();
  const skipped: { name: EngineName; reason: string }[] = [];
  for (const candidate of name === 'auto' ? engineNames : [name]) {
    try {
      const opened = await open(candidate, threads);
      threadsInUse = threads;
      return { name: candidate, skipped, ...opened };
    } catch (error) {
      skipped.push({ name: candidate, reason: reasonOf(error) });
    }
  }
  const advice = name === 'onednn' ? ' Run "npm run build:native".' : '';
  throw new RunError(`Engine ${name} cannot be used: ${skipped.at(-1)?.reason}.${advice}`);
}

/** Tries every engine; afterwards, the one in use is the one that was. */
export async function probeEngines(): Promise<{ name: EngineName; works: boolean; reason: string }[]> {
  const before = tf.engine().backendName;
  installGradients();
  const results = [];
  for (const name of engineNames) {
    try {
      const { description } = await open(name, threadsInUse ?? physicalCores());
      results.push({ name, works: true, reason: description });
    } catch (error) {
      results.push({ name, works: false, reason: reasonOf(error) });
    }
  }
  if (before) await tf.setBackend(before);
  return results;
}
