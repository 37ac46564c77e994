// Compares a model with the numbers of test/golden/blocks and test/golden/nets: outputs, gradients with respect
// to inputs and weights, moving averages, in inference and in training.

import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { valueAndGradients } from '../../src/engine/backward.ts';
import { inferenceOf, runInTraining } from '../../src/engine/model/run.ts';
import { type GoldenTensor, toTensor } from '../golden/load.ts';
import { noTensorLeak, relativeToMaximum } from '../support.ts';

/** The generator named in the README of the numbers: Tommy Ettinger's mulberry32. */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Of a gradient that is too long to list. */
interface Summary {
  readonly l2: number;
  readonly sum: number;
  readonly first8: number[];
}

interface Numbers {
  readonly outputs: GoldenTensor[];
  readonly grad_inputs: Record<string, GoldenTensor>;
  readonly grad_weights?: Record<string, GoldenTensor>;
  readonly grad_weights_summary?: Record<string, Summary>;
}

export interface Reference {
  readonly inputs: Record<string, GoldenTensor>;
  /** All weights, moving averages too, as `<layer>/<weight>`. */
  readonly weights: Record<string, GoldenTensor>;
  /** The cotangents: the gradients are those of Σ output · R. */
  readonly R: GoldenTensor[];
  readonly inference: Numbers;
  readonly training: Numbers & {
    readonly batch_stats: Record<
      string,
      { moving_mean_after: number[]; moving_variance_after_biased: number[] }
    >;
  };
}

export interface Comparison {
  readonly model: tf.LayersModel;
  readonly reference: Reference;
  /** Our layers with weights, by their names in the reference; `<layer>.norm` is `<layer>_bn` there, unless it is named. */
  readonly layers: Readonly<Record<string, string>>;
  /** What stands between the input of the reference and that of the model. Default: nothing. */
  readonly toInput?: { scale: number; offset: number };
  /** Of tensors in training, where float32 alone is off by more than `relative`; says who measured that. */
  readonly relativeInTraining?: number;
}

// The README of the numbers suggests 1e-4 of the largest element, and 1e-3 where even that is below 1e-3: float32
// sums against float64. The worst tensor on tfjs' own CPU kernels takes a twentieth of it.
const relative = 1e-4;
const relativeOfSmall = 1e-3;

function assertNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  tolerance = relative,
): void {
  assert.equal(actual.length, expected.length, `${what}: number of elements`);
  const largest = Math.max(...Array.from(expected, Math.abs));
  const difference = relativeToMaximum(actual, expected);
  // `relativeToMaximum` is absolute where all of `expected` is zero: a bias before batch normalisation.
  const allowed = largest === 0 || largest >= 1e-3 ? tolerance : relativeOfSmall;
  assert.ok(difference <= allowed, `${what}: differs by ${difference} of its largest element`);
}

/** `conv1.norm/gamma` → `conv1_bn/gamma`, by way of the names in `layers`. */
function nameInReference(weight: string, layers: Comparison['layers']): string {
  const [layer, kind] = weight.split('/') as [string, string];
  const named = Object.entries(layers).find(([, ours]) => ours === layer);
  if (named) return `${named[0]}/${kind}`;
  const norm = layer.endsWith('.norm');
  const bare = norm ? layer.slice(0, -'.norm'.length) : layer;
  const found = Object.entries(layers).find(([, ours]) => ours === bare);
  assert.ok(found, `the reference has no layer for ${weight}`);
  return `${found[0]}${norm ? '_bn' : ''}/${kind}`;
}

/** The weights of the model by their names in the reference, filled with its values. */
function fillWeights({
  model,
  reference,
  layers,
}: Comparison): Map<string, tf.LayersModel['weights'][number]> {
  const weights = new Map(
    model.weights.map((weight) => [nameInReference(weight.originalName, layers), weight]),
  );
  assert.deepEqual(
    [...weights.keys()].sort(),
    Object.keys(reference.weights).sort(),
    'weights of the reference',
  );
  for (const [name, weight] of weights) {
    const golden = reference.weights[name] as GoldenTensor;
    assert.deepEqual(weight.shape, golden.shape, name);
    tf.tidy(() => {
      weight.write(toTensor(golden));
    });
  }
  return weights;
}

/** Runs inference, then one training pass. Leaves no tensor behind. */
export async function assertMatches(comparison: Comparison): Promise<void> {
  const weights = fillWeights(comparison);
  await noTensorLeak(() => {
    tf.tidy(() => assertPass(comparison, weights, false));
    tf.tidy(() => assertPass(comparison, weights, true));
  });
  assertAverages(comparison, weights);
}

/** The same of a model with one input, as training and attacks run it: by the plan of its layers. */
export async function assertPlanMatches(comparison: Comparison): Promise<void> {
  const weights = fillWeights(comparison);
  await noTensorLeak(() => {
    tf.tidy(() => assertPlannedInference(comparison));
    tf.tidy(() => assertPlannedTraining(comparison, weights));
  });
  assertAverages(comparison, weights);
}

function assertPlannedInference({ model, reference }: Comparison): void {
  const [golden, cotangent] = [reference.inference.outputs[0]!, toTensor(reference.R[0]!)];
  const [[name, input]] = Object.entries(reference.inputs) as [[string, GoldenTensor]];
  const x = toTensor(input);
  using infer = inferenceOf(model);
  assertNear(infer(x).dataSync(), golden.data, 'inference by plan');
  // Of the sum over all outputs; a plan for inference has the first only.
  if (model.outputs.length > 1) return;
  const { gradients } = valueAndGradients(() => infer(x).mul(cotangent), [x]);
  const { data } = reference.inference.grad_inputs[name] as GoldenTensor;
  assertNear(gradients[0]!.dataSync(), data, `inference by plan, gradient of ${name}`);
}

function assertPlannedTraining(
  { model, reference }: Comparison,
  weights: ReturnType<typeof fillWeights>,
): void {
  const { outputs, grad_inputs, grad_weights } = reference.training;
  const [[name, input]] = Object.entries(reference.inputs) as [[string, GoldenTensor]];
  const x = toTensor(input);
  const trainable = [...weights].filter(([, weight]) => weight.trainable);
  let made: tf.Tensor[] = [];
  const { gradients } = valueAndGradients(() => {
    made = runInTraining(model, x).map((output) => tf.keep(output));
    return tf.addN(made.map((output, i) => output.mul(toTensor(reference.R[i]!)).sum()));
  }, [x, ...trainable.map(([, weight]) => weight.read())]);
  for (const [i, { data }] of outputs.entries()) {
    assertNear(made[i]!.dataSync(), data, `training by plan, output ${i}`);
  }
  const expected = [grad_inputs[name]!, ...trainable.map(([weight]) => grad_weights![weight]!)];
  const names = [name, ...trainable.map(([weight]) => weight)];
  for (const [i, { data }] of expected.entries()) {
    assertNear(gradients[i]!.dataSync(), data, `training by plan, gradient of ${names[i]}`);
  }
  tf.dispose(made);
}

function assertAverages(comparison: Comparison, weights: ReturnType<typeof fillWeights>): void {
  for (const [norm, expected] of Object.entries(comparison.reference.training.batch_stats)) {
    const read = (kind: string) => weights.get(`${norm}/${kind}`)?.read().dataSync() ?? [];
    assertNear(read('moving_mean'), expected.moving_mean_after, `${norm}: moving mean`);
    assertNear(read('moving_variance'), expected.moving_variance_after_biased, `${norm}: moving variance`);
  }
}

function assertPass(
  { model, reference, toInput = { scale: 1, offset: 0 }, relativeInTraining = relative }: Comparison,
  weights: ReturnType<typeof fillWeights>,
  training: boolean,
): void {
  const mode = training ? 'training' : 'inference';
  const tolerance = training ? relativeInTraining : relative;
  const expected = reference[mode];
  const inputs = Object.entries(reference.inputs).map(([name, golden]) => {
    const value = toTensor(golden).mul(toInput.scale).add(toInput.offset);
    return { name, variable: tf.variable(value) };
  });
  const trainable = [...weights].filter(([, weight]) => weight.trainable);
  const variables = trainable.map(([name, weight]) => ({ name, variable: weight.read() as tf.Variable }));
  let outputs: tf.Tensor[] = [];
  const { grads } = tf.variableGrads(
    () => {
      const result = model.apply(
        inputs.map(({ variable }) => variable),
        { training },
      ) as tf.Tensor | tf.Tensor[];
      outputs = (Array.isArray(result) ? result : [result]).map((output) => tf.keep(output));
      const terms = outputs.map((output, i) => output.mul(toTensor(reference.R[i] as GoldenTensor)).sum());
      return tf.addN(terms) as tf.Scalar;
    },
    [...inputs, ...variables].map(({ variable }) => variable),
  );
  const gradient = (variable: tf.Variable) => grads[variable.name]?.dataSync() ?? [];
  for (const [i, golden] of expected.outputs.entries()) {
    assert.deepEqual(outputs[i]?.shape, golden.shape);
    assertNear((outputs[i] as tf.Tensor).dataSync(), golden.data, `${mode} output ${i}`, tolerance);
  }
  for (const { name, variable } of inputs) {
    const { data } = expected.grad_inputs[name] as GoldenTensor;
    const received = Array.from(gradient(variable), (value) => value * toInput.scale);
    assertNear(received, data, `${mode} gradient of ${name}`, tolerance);
  }
  for (const { name, variable } of variables) {
    const what = `${mode} gradient of ${name}`;
    const listed = expected.grad_weights?.[name];
    if (listed) assertNear(gradient(variable), listed.data, what, tolerance);
    else assertSummary(gradient(variable), expected.grad_weights_summary?.[name] as Summary, what, tolerance);
  }
  tf.dispose([outputs, inputs.map(({ variable }) => variable)]);
}

function assertSummary(actual: ArrayLike<number>, expected: Summary, what: string, tolerance: number): void {
  const values = Array.from(actual);
  const l2 = Math.hypot(...values);
  const sum = values.reduce((total, value) => total + value, 0);
  assert.ok(
    Math.abs(l2 - expected.l2) <= tolerance * expected.l2,
    `${what}: norm ${l2}, expected ${expected.l2}`,
  );
  // The sum may cancel, and single elements be far below the largest: both are held against the norm.
  const allowed = tolerance * expected.l2 * Math.sqrt(values.length);
  assert.ok(Math.abs(sum - expected.sum) <= allowed, `${what}: sum ${sum}, expected ${expected.sum}`);
  for (const [i, value] of expected.first8.entries()) {
    const difference = Math.abs((values[i] as number) - value);
    assert.ok(difference <= tolerance * expected.l2, `${what}[${i}]: ${values[i]}, expected ${value}`);
  }
}
