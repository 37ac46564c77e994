// The native addon: the only file that loads it. Shapes are computed in TypeScript, numbers in C++.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { RunError } from '../../errors.ts';

type Floats = Float32Array;
type Elements = Float32Array | Int32Array | Uint8Array;
/** Shapes and sizes; what is in it, and in which order, stands beside the function in native/. */
type Integers = Int32Array;

type Unary = (x: Floats, y: Floats) => void;
type UnaryWithParameter = (x: Floats, y: Floats, parameter: number) => void;
type Test = (x: Floats, y: Uint8Array) => void;
/** Of two arrays of one size. */
type Combination = (a: Floats, b: Floats, out: Floats) => void;
type IntegerCombination = (a: Int32Array, b: Int32Array, out: Int32Array) => void;
/** Of an output or an input that was saved. */
type SavedGradient = (dy: Floats, saved: Floats, dx: Floats) => void;
type Binary = (a: Floats, b: Floats, out: Floats, shapes: Integers) => void;
type Comparison = (a: Elements, b: Elements, out: Uint8Array, shapes: Integers, type: number) => void;
type Reduction = (x: Floats, out: Floats, geometry: Integers) => void;
type TruthReduction = (x: Uint8Array, out: Uint8Array, geometry: Integers) => void;
type Scan = (x: Floats, out: Floats, geometry: Integers, exclusive: boolean, reverse: boolean) => void;
type Place = (x: Floats, out: Int32Array, geometry: Integers) => void;
type Movement = (x: Elements, out: Elements, lists: Integers, elementBytes: number) => void;

export type UnaryName =
  | 'relu'
  | 'relu6'
  | 'elu'
  | 'neg'
  | 'abs'
  | 'sign'
  | 'square'
  | 'sqrt'
  | 'rsqrt'
  | 'reciprocal'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sigmoid'
  | 'softplus'
  | 'tanh'
  | 'floor'
  | 'ceil'
  | 'round';

export type BinaryName =
  | 'add'
  | 'sub'
  | 'multiply'
  | 'realDiv'
  | 'maximum'
  | 'minimum'
  | 'squaredDifference'
  | 'prelu'
  | 'addRelu'
  | 'reluGrad'
  | 'relu6Grad'
  | 'eluGrad';

export type ComparisonName =
  | 'greater'
  | 'greaterEqual'
  | 'less'
  | 'lessEqual'
  | 'equal'
  | 'notEqual'
  | 'logicalAnd'
  | 'logicalOr';

export type ReductionName = 'sum' | 'mean' | 'max' | 'min' | 'prod';

type Tables = Record<UnaryName, Unary> &
  Record<BinaryName, Binary> &
  Record<ComparisonName, Comparison> &
  Record<ReductionName, Reduction>;

/** Every function throws an Error, and touches nothing, where an array has another size than the shapes say. */
export interface NativeBinding extends Tables {
  readonly build: {
    /** Version of oneDNN; empty where the addon was built without it. */
    readonly oneDnn: string;
    /** What our own loops use on this machine. */
    readonly instructions: 'AVX2' | 'baseline';
    /** Empty where the addon was built without OpenMP. */
    readonly parallel: 'OpenMP' | '';
    /** Whether convolutions can multiply bfloat16 here. */
    readonly bf16: boolean;
  };
  setThreads(threads: number): void;
  setBf16(bf16: boolean): void;
  misalignment(bytes: Uint8Array, result: Int32Array): void;

  /** Gives the number of a filter that will not change, for convolutions to keep copies of it until it is released. */
  keepFilter(result: Integers): void;
  releaseFilter(number: number): void;

  /**
   * `kept`: the number of the filter, 0 for one that may change, and room for an answer: 1 where the filter was read, 2
   * where it is needed but was not given, so that nothing was done; else 0, copies did.
   */
  conv2d(
    x: Floats,
    filter: Floats | null,
    bias: Floats | null,
    y: Floats,
    geometry: Integers,
    relu: boolean,
    kept: Integers,
  ): void;
  conv2dBackpropInput(
    dy: Floats,
    filter: Floats | null,
    dx: Floats,
    geometry: Integers,
    kept: Integers,
  ): void;
  conv2dBackpropFilter(x: Floats, dy: Floats, dfilter: Floats, geometry: Integers): void;
  conv3d(x: Floats, filter: Floats, y: Floats, geometry: Integers): void;
  conv3dBackpropInput(dy: Floats, filter: Floats, dx: Floats, geometry: Integers): void;
  conv3dBackpropFilter(x: Floats, dy: Floats, dfilter: Floats, geometry: Integers): void;
  matMul(
    a: Floats,
    b: Floats,
    out: Floats,
    geometry: Integers,
    transposeA: boolean,
    transposeB: boolean,
  ): void;

  leakyRelu: UnaryWithParameter;
  step: UnaryWithParameter;
  clipByValue(x: Floats, y: Floats, low: number, high: number): void;
  erf: Unary;
  selu: Unary;
  sin: Unary;
  cos: Unary;
  tan: Unary;
  asin: Unary;
  acos: Unary;
  atan: Unary;
  sinh: Unary;
  cosh: Unary;
  asinh: Unary;
  acosh: Unary;
  atanh: Unary;
  isNaN: Test;
  isInf: Test;
  isFinite: Test;
  pow: Combination;
  mod: Combination;
  atan2: Combination;
  floorDiv(a: Floats, b: Floats, out: Int32Array): void;
  floorDivInt: IntegerCombination;
  addInt: IntegerCombination;
  subInt: IntegerCombination;
  multiplyInt: IntegerCombination;
  maximumInt: IntegerCombination;
  minimumInt: IntegerCombination;
  silu: Unary;
  siluGrad: SavedGradient;
  gelu: Unary;
  geluGrad: SavedGradient;
  geluTanh: Unary;
  geluTanhGrad: SavedGradient;
  leakyReluGrad(dy: Floats, x: Floats, dx: Floats, alpha: number): void;
  sigmoidGrad: SavedGradient;
  tanhGrad: SavedGradient;
  softplusGrad: SavedGradient;
  logicalNot(x: Uint8Array, y: Uint8Array): void;
  select(condition: Uint8Array, t: Floats, e: Floats, out: Floats): void;
  cast(x: Elements, y: Elements, conversion: number): void;
  addN(terms: readonly Floats[], out: Floats): void;

  any: TruthReduction;
  all: TruthReduction;
  cumsum: Scan;
  cumprod: Scan;
  topK(x: Floats, values: Floats, places: Int32Array, geometry: Integers): void;
  argMax: Place;
  argMin: Place;

  batchNormTrain(
    x: Floats,
    gamma: Floats,
    beta: Floats,
    y: Floats,
    mean: Floats,
    variance: Floats,
    shape: Integers,
    epsilon: number,
    residual: Floats | null,
    relu: boolean,
  ): void;
  batchNormTrainGrad(
    x: Floats,
    dy: Floats,
    mean: Floats,
    variance: Floats,
    gamma: Floats,
    dx: Floats,
    dgamma: Floats,
    dbeta: Floats,
    shape: Integers,
    epsilon: number,
    y: Floats | null,
    dresidual: Floats | null,
  ): void;
  batchNormInference(
    x: Floats,
    mean: Floats,
    variance: Floats,
    offset: Floats | null,
    scale: Floats | null,
    y: Floats,
    shape: Integers,
    epsilon: number,
  ): void;

  groupNorm(
    x: Floats,
    gamma: Floats,
    beta: Floats,
    y: Floats,
    mean: Floats,
    variance: Floats,
    shape: Integers,
    epsilon: number,
  ): void;
  groupNormGrad(
    x: Floats,
    dy: Floats,
    mean: Floats,
    variance: Floats,
    gamma: Floats,
    dx: Floats,
    dgamma: Floats,
    dbeta: Floats,
    shape: Integers,
    epsilon: number,
  ): void;

  lrn(x: Floats, y: Floats, geometry: Integers, bias: number, alpha: number, beta: number): void;
  lrnGrad(
    x: Floats,
    y: Floats,
    dy: Floats,
    dx: Floats,
    geometry: Integers,
    bias: number,
    alpha: number,
    beta: number,
  ): void;

  maxPool(x: Floats, y: Floats, geometry: Integers): void;
  maxPoolGrad(dy: Floats, x: Floats, dx: Floats, geometry: Integers): void;
  avgPool(x: Floats, y: Floats, geometry: Integers): void;
  avgPoolGrad(dy: Floats, dx: Floats, geometry: Integers): void;
  maxPoolWithArgmax(x: Floats, y: Floats, indices: Int32Array, geometry: Integers, withBatch: boolean): void;
  maxUnpool(x: Floats, indices: Int32Array, y: Floats, shape: Integers): void;
  maxUnpoolGrad(dy: Floats, indices: Int32Array, dx: Floats, shape: Integers): void;

  concat(arrays: readonly Elements[], out: Elements, blocks: Integers): void;
  slice: Movement;
  pad(x: Elements, out: Elements, lists: Integers, elementBytes: number, bits: number): void;
  transpose: Movement;
  tile: Movement;
  gatherAxes(x: Elements, tables: Int32Array, out: Elements, lists: Integers, elementBytes: number): void;
  gatherNd(x: Elements, indices: Int32Array, out: Elements, geometry: Integers, elementBytes: number): void;
  scatterNd(updates: Floats, indices: Int32Array, out: Floats, geometry: Integers): void;
  gather(x: Elements, indices: Int32Array, out: Elements, geometry: Integers): void;
  oneHot(indices: Int32Array, out: Elements, depth: number, on: number, off: number, type: number): void;

  resizeBilinear: BilinearResize;
  resizeBilinearGrad: BilinearResize;
  resizeNearest: NearestResize;
  resizeNearestGrad: NearestResize;

  softmax(x: Floats, y: Floats, shape: Integers): void;
  sparseCrossEntropy(
    logits: Floats,
    labels: Int32Array,
    weights: Floats,
    ofPlaces: Floats,
    losses: Floats,
    shape: Integers,
    labelSmoothing: number,
    gamma: number,
  ): void;
  sparseCrossEntropyGrad(
    logits: Floats,
    labels: Int32Array,
    weights: Floats,
    dy: Floats,
    factors: Floats,
    dlogits: Floats,
    shape: Integers,
    labelSmoothing: number,
    gamma: number,
  ): void;
  softDice(
    logits: Floats,
    labels: Int32Array,
    scratch: Floats,
    losses: Floats,
    slopes: Floats,
    shape: Integers,
    smooth: number,
  ): void;
  softDiceGrad(
    logits: Floats,
    labels: Int32Array,
    slopes: Floats,
    dy: Floats,
    dlogits: Floats,
    shape: Integers,
  ): void;

  structuralSimilarity(
    x: Floats,
    y: Floats,
    weights: Floats,
    scratch: Floats,
    similarities: Floats,
    shape: Integers,
    c1: number,
    c2: number,
  ): void;

  applyAdam(
    ...step: [...Step, beta1: number, beta2: number, epsilon: number, step: number, decoupled: boolean]
  ): void;
  applyMomentum(...step: [...Step, momentum: number, nesterov: boolean]): void;
  applyRmsProp(...step: [...Step, decay: number, momentum: number, epsilon: number]): void;
  gradientNorm(gradients: readonly Floats[], norm: Floats, clip: number): void;
}

/** What every step of an optimizer takes; for each weight, the state is the weight, its slots and its average. */
type Step = [
  state: readonly Floats[],
  gradients: readonly Floats[],
  weightDecays: Floats,
  clip: number,
  scale: number,
  /** -1: there are no averages. */
  averageKept: number,
  learningRate: number,
];

type BilinearResize = (
  from: Floats,
  to: Floats,
  geometry: Integers,
  lowRows: Int32Array,
  highRows: Int32Array,
  rowFractions: Floats,
  lowColumns: Int32Array,
  highColumns: Int32Array,
  columnFractions: Floats,
) => void;

type NearestResize = (
  from: Floats,
  to: Floats,
  geometry: Integers,
  rows: Int32Array,
  columns: Int32Array,
) => void;

// The same place from src/ and from dist/: below the root of the package.
const path = fileURLToPath(
  new URL('../../../src/engine/onednn/build/medrobust_onednn.node', import.meta.url),
);

let loaded: NativeBinding | undefined;

/** Loads the addon once. Throws `RunError`, in one line, where it was not built or does not fit this machine. */
export function loadBinding(): NativeBinding {
  if (loaded) return loaded;
  if (!existsSync(path)) throw new RunError('not built');
  // OpenMP reads it when it is loaded. Threads that wait should sleep: two processes on the same cores
  // would otherwise spin in each other's way for whole time slices.
  process.env.OMP_WAIT_POLICY ??= 'passive';
  try {
    loaded = createRequire(import.meta.url)(path) as NativeBinding;
  } catch (error) {
    throw new RunError(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
  return loaded;
}
