// The native addon: the only file that loads it. Shapes are computed in TypeScript, numbers in C++.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { RunError } from '../../errors.ts';

type Floats = Float32Array;
type Elements = Float32Array | Int32Array | Uint8Array | Uint16Array;
/** Floats, or bfloat16; where a function takes several, of one kind but where it says otherwise. */
export type Reals = Float32Array | Uint16Array;
/** Shapes and sizes; what is in it, and in which order, stands beside the function in native/. */
type Integers = Int32Array;

type Unary = (x: Reals, y: Reals) => void;
type OfFloats = (x: Floats, y: Floats) => void;
type UnaryWithParameter = (x: Reals, y: Reals, parameter: number) => void;
type Test = (x: Floats, y: Uint8Array) => void;
/** Of two arrays of one size. */
type Combination = (a: Floats, b: Floats, out: Floats) => void;
type IntegerCombination = (a: Int32Array, b: Int32Array, out: Int32Array) => void;
/** Of an output or an input that was saved. */
type SavedGradient = (dy: Floats, saved: Floats, dx: Floats) => void;
type Binary = (a: Floats, b: Floats, out: Floats, shapes: Integers) => void;
/** Where `out` is bfloat16, the others may be of either kind. */
type RealBinary = (a: Reals, b: Reals, out: Reals, shapes: Integers) => void;
type Comparison = (a: Elements, b: Elements, out: Uint8Array, shapes: Integers, type: number) => void;
type Reduction = (x: Reals, out: Floats, geometry: Integers) => void;
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

/** Those that take bfloat16 too. */
export type RealBinaryName = 'add' | 'sub' | 'multiply' | 'addRelu' | 'reluGrad' | 'relu6Grad' | 'eluGrad';

export type BinaryName = 'realDiv' | 'maximum' | 'minimum' | 'squaredDifference' | 'prelu';

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
  Record<RealBinaryName, RealBinary> &
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
  /** From bfloat16 to float, and back, to the nearest. */
  widen(x: Uint16Array, y: Floats): void;
  narrow(x: Floats, y: Uint16Array): void;

  /** Gives the number of a filter that will not change, for convolutions to keep copies of it until it is released. */
  keepFilter(result: Integers): void;
  releaseFilter(number: number): void;

  /**
   * `kept`: the number of the filter, 0 for one that may change, and room for an answer: 1 where the filter was read, 2
   * where it is needed but was not given, so that nothing was done; else 0, copies did.
   */
  conv2d(
    x: Reals,
    filter: Floats | null,
    bias: Floats | null,
    y: Reals,
    geometry: Integers,
    relu: boolean,
    kept: Integers,
  ): void;
  conv2dBackpropInput(dy: Reals, filter: Floats | null, dx: Reals, geometry: Integers, kept: Integers): void;
  conv2dBackpropFilter(x: Reals, dy: Reals, dfilter: Floats, geometry: Integers): void;
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
  clipByValue(x: Reals, y: Reals, low: number, high: number): void;
  erf: OfFloats;
  selu: OfFloats;
  sin: OfFloats;
  cos: OfFloats;
  tan: OfFloats;
  asin: OfFloats;
  acos: OfFloats;
  atan: OfFloats;
  sinh: OfFloats;
  cosh: OfFloats;
  asinh: OfFloats;
  acosh: OfFloats;
  atanh: OfFloats;
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
  silu: OfFloats;
  siluGrad: SavedGradient;
  gelu: OfFloats;
  geluGrad: SavedGradient;
  geluTanh: OfFloats;
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
    x: Reals,
    gamma: Floats,
    beta: Floats,
    y: Reals,
    mean: Floats,
    variance: Floats,
    shape: Integers,
    epsilon: number,
    residual: Reals | null,
    relu: boolean,
  ): void;
  batchNormTrainGrad(
    x: Reals,
    dy: Reals,
    mean: Floats,
    variance: Floats,
    gamma: Floats,
    dx: Reals,
    dgamma: Floats,
    dbeta: Floats,
    shape: Integers,
    epsilon: number,
    y: Reals | null,
    dresidual: Reals | null,
  ): void;
  batchNormInference(
    x: Reals,
    mean: Floats,
    variance: Floats,
    offset: Floats | null,
    scale: Floats | null,
    y: Reals,
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

  maxPool(x: Reals, y: Reals, geometry: Integers): void;
  maxPoolGrad(dy: Reals, x: Reals, dx: Reals, geometry: Integers): void;
  avgPool(x: Reals, y: Reals, geometry: Integers): void;
  avgPoolGrad(dy: Reals, dx: Reals, geometry: Integers): void;
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
  from: Reals,
  to: Reals,
  geometry: Integers,
  lowRows: Int32Array,
  highRows: Int32Array,
  rowFractions: Floats,
  lowColumns: Int32Array,
  highColumns: Int32Array,
  columnFractions: Floats,
) => void;

type NearestResize = (
  from: Reals,
  to: Reals,
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
  // OpenMP reads them when it is loaded. Threads that wait should sleep: two processes on the same cores would
  // otherwise spin in each other's way for whole time slices. But not at once: the next kernel often follows within
  // microseconds, and waking a thread takes longer. (GNU's alone knows the count; it is of pauses, of some ten
  // nanoseconds each.)
  if (process.env.OMP_WAIT_POLICY === undefined) {
    process.env.OMP_WAIT_POLICY = 'passive';
    process.env.GOMP_SPINCOUNT ??= '2000';
  }
  try {
    loaded = createRequire(import.meta.url)(path) as NativeBinding;
  } catch (error) {
    throw new RunError(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
  return loaded;
}
