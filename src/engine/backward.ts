// The backward pass, with memory given back on the way: tfjs keeps what the forward pass saved, and the gradient of
// every activation, until the end.

import * as tf from '@tensorflow/tfjs';

/** What tfjs records of an operation: the part of it that is read here. */
interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputs: readonly tf.Tensor[];
  readonly saved?: tf.Tensor[];
  readonly gradient?: (dys: (tf.Tensor | null)[]) => Readonly<Record<string, () => tf.Tensor>>;
}

interface Recorder {
  startTape(): void;
  endTape(): void;
  readonly state: { activeTape: TapeNode[] | null; gradientDepth: number };
}

/**
 * The value of `f` and its gradient by each of `xs`: what `tf.grads` and `tf.variableGrads` give, in less memory.
 *
 * The value may have any shape; the gradient is that of the sum of its elements. `undefined` stands for the gradient
 * of a tensor that `f` does not depend on. The caller disposes of all that is returned.
 *
 * Throws `RangeError` within another gradient: there is no second derivative.
 */
export function valueAndGradients<T extends tf.Tensor>(
  f: () => T,
  xs: readonly tf.Tensor[],
): { readonly value: T; readonly gradients: readonly (tf.Tensor | undefined)[] } {
  const { value, tape } = record(f);
  try {
    const gradients = tf.tidy(() => {
      const live = new Map<number, tf.Tensor>([[value.id, tf.onesLike(value)]]);
      walkBack(tape, new Set(xs.map(({ id }) => id)), live, 'dispose saved');
      return xs.map(({ id }) => live.get(id));
    });
    return { value, gradients };
  } catch (error) {
    value.dispose();
    throw error;
  } finally {
    for (const node of tape) tf.dispose(node.saved ?? []);
  }
}

/**
 * The value of `f` and several gradients by `x` of one forward pass: those of Σ value · cotangent, for each of the
 * cotangents that are made of the value.
 *
 * Unlike `valueAndGradients` it keeps what the forward pass saved until the end. `f` must depend on `x`. The caller
 * disposes of all that is returned; the cotangents are disposed of here. Throws `RangeError` within another gradient.
 */
export function valueAndPullbacks<T extends tf.Tensor, X extends tf.Tensor>(
  f: () => T,
  x: X,
  cotangentsOf: (value: T) => readonly tf.Tensor[],
): { readonly value: T; readonly gradients: readonly X[] } {
  const { value, tape } = record(f);
  try {
    const gradients = tf.tidy(() =>
      cotangentsOf(value).map((cotangent) =>
        tf.tidy(() => {
          const live = new Map<number, tf.Tensor>([[value.id, cotangent.clone()]]);
          walkBack(tape, new Set([x.id]), live, 'keep saved');
          const gradient = live.get(x.id);
          if (!gradient) throw new Error('The function does not depend on its argument.');
          return gradient as X;
        }),
      ),
    );
    return { value, gradients };
  } catch (error) {
    value.dispose();
    throw error;
  } finally {
    for (const node of tape) tf.dispose(node.saved ?? []);
  }
}

/** Runs `f`; the tape and what it saved are the caller's. */
function record<T extends tf.Tensor>(f: () => T): { readonly value: T; readonly tape: readonly TapeNode[] } {
  const recorder = tf.engine() as unknown as Recorder;
  if (recorder.state.gradientDepth > 0) throw new RangeError('A gradient within a gradient.');
  let value: T;
  let tape: TapeNode[] = [];
  recorder.startTape();
  try {
    value = tf.tidy(f);
  } catch (error) {
    for (const node of recorder.state.activeTape ?? []) tf.dispose(node.saved ?? []);
    throw error;
  } finally {
    recorder.endTape();
    tape = recorder.state.activeTape ?? [];
    recorder.state.activeTape = null;
  }
  return { value, tape };
}

/** Adds the gradients to `live`, by the ids of their tensors, and takes away those that nobody needs any more. */
function walkBack(
  tape: readonly TapeNode[],
  wanted: ReadonlySet<number>,
  live: Map<number, tf.Tensor>,
  saved: 'dispose saved' | 'keep saved',
): void {
  const moved = reachedFrom(wanted, tape);
  for (const node of tape.toReversed()) {
    const inputs = Object.keys(node.inputs).filter((name) => moved.has(node.inputs[name]!.id));
    const dys = node.outputs.map(({ id }) => live.get(id) ?? null);
    if (inputs.length > 0 && dys.some((dy) => dy !== null)) {
      for (const [name, dx] of gradientsOf(node, inputs, dys)) accumulate(live, node.inputs[name]!.id, dx);
    }
    if (saved === 'dispose saved') tf.dispose(node.saved ?? []);
    for (const { id } of node.outputs) {
      if (wanted.has(id)) continue;
      live.get(id)?.dispose();
      live.delete(id);
    }
  }
}

/** The ids of all tensors that depend on the wanted ones, and of these themselves. */
function reachedFrom(wanted: ReadonlySet<number>, tape: readonly TapeNode[]): ReadonlySet<number> {
  const reached = new Set(wanted);
  for (const { inputs, outputs } of tape) {
    if (!Object.values(inputs).some(({ id }) => reached.has(id))) continue;
    for (const { id } of outputs) reached.add(id);
  }
  return reached;
}

function gradientsOf(
  { kernelName, inputs, gradient }: TapeNode,
  names: readonly string[],
  dys: (tf.Tensor | null)[],
): [string, tf.Tensor][] {
  if (!gradient) throw new Error(`Cannot compute gradient: gradient function not found for ${kernelName}.`);
  // Out of the tidy comes one tensor for each input, none of which is another's or an upstream gradient.
  const seen = new Set<tf.Tensor | null>(dys);
  const gradients = tf.tidy(() => {
    const functions = gradient(dys);
    return names.map((name) => {
      const dx = functions[name]?.();
      if (!dx || String(dx.shape) !== String(inputs[name]!.shape)) {
        const received = dx ? `[${dx.shape}]` : 'none';
        throw new Error(
          `Gradient of ${kernelName} by ${name}: expected shape [${inputs[name]!.shape}], received ${received}.`,
        );
      }
      const own = seen.has(dx) ? tf.clone(dx) : dx;
      seen.add(own);
      return own;
    });
  });
  return names.map((name, index) => [name, gradients[index]!]);
}

function accumulate(live: Map<number, tf.Tensor>, id: number, dx: tf.Tensor): void {
  const before = live.get(id);
  live.set(id, before ? tf.add(before, dx) : dx);
  if (before) tf.dispose([before, dx]);
}
