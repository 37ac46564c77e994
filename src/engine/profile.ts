// Where the time goes, kernel by kernel. The clocks stand in the registered kernels' places while a profile is
// taken, and nowhere otherwise: without one, nothing is slower.

import * as tf from '@tensorflow/tfjs';
import type { EngineName } from './engine.ts';
import { backendName, kernelFor } from './onednn/register.ts';

/** The calls of one kernel that ran in one place. */
export interface KernelTime {
  readonly kernel: string;
  /** In `onednn`, whether C++ or JavaScript did the work; the name of any other engine. */
  readonly where: 'native' | 'javascript' | Exclude<EngineName, 'onednn'>;
  readonly calls: number;
  /** Without the time of other kernels that it called. */
  readonly milliseconds: number;
}

type Tally = { -readonly [Key in keyof KernelTime]: KernelTime[Key] };

/** A call under way. */
interface Frame {
  where: KernelTime['where'];
  /** Milliseconds of the kernels called meanwhile. */
  inner: number;
}

/**
 * Runs `body` on the engine in use, which is `engine`, and gives what its kernels took, the longest first.
 *
 * A kernel that is native for some of its calls has two entries: each call counts where it ran. A GPU works on
 * after a kernel returns, so there the times are those of handing the work over.
 */
export async function profileKernels(engine: EngineName, body: () => Promise<void>): Promise<KernelTime[]> {
  const kernels = tf.getKernelsForBackend(tf.getBackend());
  const tallies = new Map<string, Tally>();
  const frames: Frame[] = [];
  for (const kernel of kernels) register({ ...kernel, kernelFunc: clocked(kernel, engine, frames, tallies) });
  try {
    await body();
  } finally {
    for (const kernel of kernels) register(kernel);
  }
  return [...tallies.values()].sort((a, b) => b.milliseconds - a.milliseconds);
}

function register(kernel: tf.KernelConfig): void {
  // tfjs warns of a name that is taken.
  tf.unregisterKernel(kernel.kernelName, kernel.backendName);
  tf.registerKernel(kernel);
}

function clocked(
  kernel: tf.KernelConfig,
  engine: EngineName,
  frames: Frame[],
  tallies: Map<string, Tally>,
): tf.KernelFunc {
  const { kernelName } = kernel;
  const run = kernel.backendName === backendName ? watched(kernelName, frames) : kernel.kernelFunc;
  return (kernelArguments) => {
    const frame: Frame = { where: engine === 'onednn' ? 'native' : engine, inner: 0 };
    frames.push(frame);
    const start = performance.now();
    try {
      return run(kernelArguments);
    } finally {
      const milliseconds = performance.now() - start;
      frames.pop();
      const outer = frames.at(-1);
      if (outer) outer.inner += milliseconds;
      add(tallies, kernelName, frame.where, milliseconds - frame.inner);
    }
  };
}

/** The kernel of `onednn`, which says so where the one in JavaScript is taken. */
function watched(kernelName: string, frames: readonly Frame[]): tf.KernelFunc {
  const { kernelFunc } = tf.getKernel(kernelName, 'cpu');
  return kernelFor(kernelName, (kernelArguments) => {
    const frame = frames.at(-1);
    if (frame) frame.where = 'javascript';
    return kernelFunc(kernelArguments);
  });
}

function add(
  tallies: Map<string, Tally>,
  kernel: string,
  where: KernelTime['where'],
  milliseconds: number,
): void {
  const key = `${kernel} ${where}`;
  const tally = tallies.get(key) ?? { kernel, where, calls: 0, milliseconds: 0 };
  tally.calls++;
  tally.milliseconds += milliseconds;
  tallies.set(key, tally);
}
