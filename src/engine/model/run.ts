// How models run here: a standard tf.layers model, but batch normalisation in one kernel with the residual and the relu
// behind it, and every activation given back when its last reader has run.

import * as tf from '@tensorflow/tfjs';
import { normaliseInTraining, takesBatchStatistics } from '../gradients/batch-norm-layer.ts';
import { addRelu } from '../ops/add-relu.ts';
import { inFullPrecision } from '../ops/full-precision.ts';
import { FoldedConvolutions } from './fold.ts';
import { type NormStep, type Plan, planOf, type Step } from './plan.ts';

type Run = (step: Step, inputs: tf.Tensor[]) => tf.Tensor[];

const plans = new WeakMap<tf.LayersModel, Plan>();

/** The plan of all outputs of a model. */
function planOfModel(model: tf.LayersModel): Plan {
  const plan = plans.get(model) ?? planOf(model.inputs[0]!, model.outputs);
  plans.set(model, plan);
  return plan;
}

/**
 * All outputs of a model with one input, in training mode: what `model.apply(x, { training: true })` gives, moving
 * averages included.
 */
export function runInTraining(model: tf.LayersModel, x: tf.Tensor): tf.Tensor[] {
  return runPlan(planOfModel(model), x, (step, inputs) => {
    if (step.kind === 'norm' && takesBatchStatistics(step.norm)) {
      const { convolution, norm, relu } = step;
      const [values, residual] = inputs as [tf.Tensor, tf.Tensor | undefined];
      const made = convolution ? (convolution.apply(values) as tf.Tensor) : values;
      return [normaliseInTraining(norm, made, { residual, relu })];
    }
    return runLayers(step, inputs, true);
  });
}

/** A function of tensors that holds memory until it is disposed of. */
export interface Inference {
  (x: tf.Tensor): tf.Tensor;
  [Symbol.dispose](): void;
}

/**
 * The first output of a model with one input, in inference mode: what `model.apply(x, { training: false })` gives, to
 * rounding, without the layers that only other outputs need.
 *
 * Batch norms are folded into the convolutions before them. The folded filters are kept from call to call, and made
 * again when the weights have changed. They are constants to the backward pass: the result has a gradient by `x`, and
 * none by the weights of these layers.
 */
export function inferenceOf(model: tf.LayersModel): Inference {
  const plan = planOf(model.inputs[0]!, model.outputs.slice(0, 1));
  const folded = new FoldedConvolutions();
  const run: Run = (step, inputs) => {
    if (step.kind === 'norm' && step.convolution) return [folded.run(step.convolution, step, inputs)];
    return runLayers(step, inputs, false);
  };
  const infer = (x: tf.Tensor) => runPlan(plan, x, run)[0]!;
  return Object.assign(infer, { [Symbol.dispose]: () => folded.dispose() });
}

/** The layers of a step, one after the other. */
function runLayers(step: Step, inputs: tf.Tensor[], training: boolean): tf.Tensor[] {
  if (step.kind === 'layer') return [step.layer.apply(inputs, { training })].flat() as tf.Tensor[];
  const [values, residual] = inputs as [tf.Tensor, tf.Tensor | undefined];
  return [tf.tidy(() => ending(step, normalised(step, values, training), residual))];
}

function normalised({ convolution, norm }: NormStep, x: tf.Tensor, training: boolean): tf.Tensor {
  const made = convolution ? convolution.apply(x) : x;
  return norm.apply(made as tf.Tensor, { training }) as tf.Tensor;
}

function ending({ relu }: NormStep, y: tf.Tensor, residual: tf.Tensor | undefined): tf.Tensor {
  if (residual) return addRelu(y, residual);
  return relu ? tf.relu(y) : y;
}

/** Runs the steps in their order. Of the tensors made, those that are no outputs are disposed of after their last use. */
function runPlan({ input, steps, outputs, endings }: Plan, x: tf.Tensor, run: Run): tf.Tensor[] {
  const values = new Map<number, tf.Tensor>([[input, x]]);
  const readers = new Map<number, number>();
  const count = (id: number, more: number) => readers.set(id, (readers.get(id) ?? 0) + more);
  for (const id of [input, ...outputs, ...steps.flatMap((step) => step.inputs)]) count(id, 1);
  for (const step of steps) {
    const inputs = step.inputs.map((id) => values.get(id)!);
    // A layer may give its input on, as dropout does at inference.
    const apply = () => run(step, inputs).map((y) => (inputs.includes(y) ? tf.clone(y) : y));
    const made = tf.tidy(() => (endings.has(step) ? inFullPrecision(apply) : apply()));
    for (const [index, id] of step.outputs.entries()) values.set(id, made[index]!);
    for (const id of step.inputs) {
      count(id, -1);
      if (readers.get(id) === 0) values.get(id)!.dispose();
    }
  }
  return outputs.map((id) => values.get(id)!);
}
