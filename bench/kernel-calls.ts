// The kernels that a training step of a net calls, each distinct call once, described so that another library can do
// the same work.

import * as tf from '@tensorflow/tfjs';

/** One distinct call. */
export interface KernelCall {
  readonly kernel: string;
  readonly inputs: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly dtype: tf.DataType }>
  >;
  readonly attributes: tf.NamedAttrMap;
  /** How often the step makes it. */
  count: number;
}

type Pair = readonly [number, number];

/** The work of a call; shapes are NHWC and `[height, width, inputs, outputs]`, padding is top, left, bottom, right. */
export interface Work {
  readonly operation: string;
  readonly x: readonly number[];
  readonly filter?: readonly number[];
  readonly size?: Pair;
  readonly strides?: Pair;
  readonly dilations?: Pair;
  readonly padding?: readonly number[];
  readonly output?: readonly number[];
  readonly bias?: boolean;
  readonly relu?: boolean;
  /** Of a concatenation. */
  readonly channels?: readonly number[];
  /** Of the weights that an optimizer moves. */
  readonly sizes?: readonly number[];
}

/** Runs `body` and gives the distinct calls of kernels of the current backend. */
export async function recordCalls(body: () => Promise<unknown>): Promise<KernelCall[]> {
  const kernels = tf.getKernelsForBackend(tf.getBackend());
  const calls = new Map<string, KernelCall>();
  const register = (kernel: tf.KernelConfig) => {
    // tfjs warns of a name that is taken.
    tf.unregisterKernel(kernel.kernelName, kernel.backendName);
    tf.registerKernel(kernel);
  };
  for (const kernel of kernels) {
    register({
      ...kernel,
      kernelFunc: (given) => {
        note(calls, kernel.kernelName, given.inputs, given.attrs ?? {});
        return kernel.kernelFunc(given);
      },
    });
  }
  try {
    await body();
  } finally {
    for (const kernel of kernels) register(kernel);
  }
  return [...calls.values()];
}

function note(
  calls: Map<string, KernelCall>,
  kernel: string,
  given: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap,
): void {
  const present = Object.entries(given).flatMap(([name, input]) =>
    input ? [[name, { shape: [...input.shape], dtype: input.dtype }] as const] : [],
  );
  const inputs = Object.fromEntries(present);
  // The number of the step is no part of the work.
  const key = JSON.stringify([kernel, inputs, { ...attributes, step: 0 }]);
  const call = calls.get(key) ?? { kernel, inputs, attributes, count: 0 };
  call.count++;
  calls.set(key, call);
}

type Shape4 = [number, number, number, number];
type Numbers = number | [number, number];
type Rounding = 'floor' | 'round' | 'ceil';

interface WindowAttributes {
  readonly strides: Numbers;
  readonly dilations?: Numbers | null;
  readonly pad: Parameters<typeof tf.conv2d>[3];
  readonly dimRoundingMode?: Rounding;
  readonly filterSize: Numbers;
}

function geometry(info: tf.backend_util.Conv2DInfo): Omit<Work, 'operation' | 'x'> {
  const { top, left, bottom, right } = info.padInfo;
  return {
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    padding: [top, left, bottom, right],
    output: info.outShape,
  };
}

function convolution(operation: string, { inputs, attributes }: KernelCall): Work {
  const shape = (name: string, attribute: string) =>
    (inputs[name]?.shape ?? attributes[attribute]) as unknown as Shape4;
  const [x, filter] = [shape('x', 'inputShape'), shape('filter', 'filterShape')];
  const { strides, dilations, pad, dimRoundingMode } = attributes as unknown as WindowAttributes;
  const info = tf.backend_util.computeConv2DInfo(x, filter, strides, dilations ?? 1, pad, dimRoundingMode);
  const epilogue = { bias: inputs.bias !== undefined, relu: (attributes.activation as unknown) === 'relu' };
  return { operation, x, filter, ...geometry(info), ...(operation === 'convolution' && epilogue) };
}

function pooling(operation: string, { inputs, attributes }: KernelCall): Work {
  const x = (inputs.x ?? inputs.input)?.shape as unknown as Shape4;
  const { filterSize, strides, pad, dimRoundingMode } = attributes as unknown as WindowAttributes;
  const info = tf.backend_util.computePool2DInfo(x, filterSize, strides, 1, pad, dimRoundingMode);
  return { operation, x, size: [info.filterHeight, info.filterWidth], ...geometry(info) };
}

const elementwise = (operation: string, input: string) => (call: KernelCall) => ({
  operation,
  x: call.inputs[input]?.shape ?? [],
});

function addition({ inputs }: KernelCall): Work | undefined {
  const [a = [], b = []] = [inputs.a?.shape, inputs.b?.shape];
  return a.length === 4 && tf.util.arraysEqual([...a], [...b]) ? { operation: 'add', x: a } : undefined;
}

function concatenation({ inputs, attributes }: KernelCall): Work | undefined {
  const shapes = Object.values(inputs).map(({ shape }) => shape);
  const x = shapes[0] ?? [];
  const last = (attributes.axis as number) === x.length - 1;
  return last && x.length === 4
    ? { operation: 'concat', x, channels: shapes.map((shape) => shape.at(-1) as number) }
    : undefined;
}

type Describe = (call: KernelCall) => Work | undefined;

const describers: Readonly<Record<string, Describe>> = {
  Conv2D: (call) => convolution('convolution', call),
  FusedConv2D: (call) => convolution('convolution', call),
  Conv2DBackpropInput: (call) => convolution('convolutionInput', call),
  Conv2DBackpropFilter: (call) => convolution('convolutionFilter', call),
  BatchNormTrain: elementwise('batchNorm', 'x'),
  BatchNormTrainGrad: elementwise('batchNormGradient', 'x'),
  MaxPool: (call) => pooling('maxPool', call),
  MaxPoolGrad: (call) => pooling('maxPoolGradient', call),
  AvgPool: (call) => pooling('averagePool', call),
  AvgPoolGrad: (call) => pooling('averagePoolGradient', call),
  Relu: elementwise('relu', 'x'),
  ReluGrad: elementwise('reluGradient', 'dy'),
  Add: addition,
  AddV2: addition,
  Concat: concatenation,
  SparseCrossEntropy: elementwise('crossEntropy', 'logits'),
  Softmax: elementwise('softmax', 'logits'),
};

/** What the call does; undefined for kernels that are not compared. */
export function describeWork(call: KernelCall): Work | undefined {
  return describers[call.kernel]?.(call);
}
