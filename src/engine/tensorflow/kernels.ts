// What TensorFlow, or tfjs-node in front of it, refuses: padding other than 'same' and 'valid', and depthwise
// convolutions with dilation. It is done with what they take: the border is laid around the image first.

import * as tf from '@tensorflow/tfjs';
import { dilatedDepthwise, isDilated } from '../gradients/dilated-convolution.ts';

const backendName = 'tensorflow';

type Pair = [number, number];
type Shape4 = [number, number, number, number];
type Inputs = Record<string, tf.Tensor4D>;
/** As tfjs gives them to the kernel; which of them there are depends on it. */
interface Attributes {
  readonly strides: Pair | number;
  readonly pad: Parameters<typeof tf.conv2d>[3];
  readonly dilations?: Pair | number | null;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: string;
  readonly filterSize?: Pair | number;
  readonly inputShape?: Shape4;
  readonly filterShape?: Shape4;
}
type Run = (inputs: Inputs, attributes: object) => tf.Tensor;
type Kernel = (run: Run, inputs: Inputs, attributes: Attributes) => tf.Tensor;

/** What must stand around the image so that 'valid' windows are those of the padding asked for. */
interface Border {
  readonly before: Pair;
  readonly after: Pair;
}

function borderOf(info: tf.backend_util.Conv2DInfo): Border {
  const { top, left } = info.padInfo;
  // With a rounding mode, windows may end before the padding asked for does, or beyond it.
  const down = (info.outHeight - 1) * info.strideHeight + info.effectiveFilterHeight - info.inHeight - top;
  const across = (info.outWidth - 1) * info.strideWidth + info.effectiveFilterWidth - info.inWidth - left;
  return { before: [top, left], after: [Math.max(0, down), Math.max(0, across)] };
}

function convolutionBorder(x: Shape4, filter: Shape4, attributes: Attributes, depthwise: boolean): Border {
  const { strides, pad, dilations, dimRoundingMode } = attributes;
  return borderOf(
    tf.backend_util.computeConv2DInfo(x, filter, strides, dilations ?? 1, pad, dimRoundingMode, depthwise),
  );
}

function poolingBorder(x: Shape4, { filterSize, strides, pad, dimRoundingMode }: Attributes): Border {
  return borderOf(tf.backend_util.computePool2DInfo(x, filterSize ?? 1, strides, 1, pad, dimRoundingMode));
}

function lay(x: tf.Tensor4D, { before, after }: Border, value = 0): tf.Tensor4D {
  const planes: [number, number][] = [
    [before[0], after[0]],
    [before[1], after[1]],
  ];
  return tf.pad(x, [[0, 0], ...planes, [0, 0]], value);
}

function takeOff(x: tf.Tensor4D, { before }: Border, shape: Shape4): tf.Tensor4D {
  return tf.slice(x, [0, ...before, 0], shape);
}

const valid = { pad: 'valid', dimRoundingMode: undefined };

function convolution(depthwise: boolean): Kernel {
  return (run, { x, filter, ...others }, attributes) => {
    const border = convolutionBorder(x!.shape, filter!.shape, attributes, depthwise);
    return run({ ...others, x: lay(x!, border), filter: filter! }, { ...attributes, ...valid });
  };
}

function convolutionOfInput(depthwise: boolean): Kernel {
  return (run, inputs, attributes) => {
    const shape = attributes.inputShape as Shape4;
    const border = convolutionBorder(shape, inputs.filter!.shape, attributes, depthwise);
    const [batch, height, width, channels] = shape;
    const { before, after } = border;
    const inputShape = [batch, before[0] + height + after[0], before[1] + width + after[1], channels];
    return takeOff(run(inputs, { ...attributes, ...valid, inputShape }) as tf.Tensor4D, border, shape);
  };
}

function convolutionOfFilter(depthwise: boolean): Kernel {
  return (run, { x, dy }, attributes) => {
    const border = convolutionBorder(x!.shape, attributes.filterShape as Shape4, attributes, depthwise);
    return run({ x: lay(x!, border), dy: dy! }, { ...attributes, ...valid });
  };
}

const maxPool: Kernel = (run, { x }, attributes) =>
  run({ x: lay(x!, poolingBorder(x!.shape, attributes), -Infinity) }, { ...attributes, ...valid });

const maxPoolGrad: Kernel = (run, { dy, input, output }, attributes) => {
  const border = poolingBorder(input!.shape, attributes);
  const padded = lay(input!, border, -Infinity);
  const dx = run({ dy: dy!, input: padded, output: output! }, { ...attributes, ...valid }) as tf.Tensor4D;
  return takeOff(dx, border, input!.shape);
};

/** The share of each window that lies on the image: only that counts in the average. */
function shareOnImage(shape: Shape4, border: Border, { filterSize, strides }: Attributes): tf.Tensor4D {
  return tf.avgPool(
    lay(tf.ones<tf.Rank.R4>([1, shape[1], shape[2], 1]), border),
    filterSize!,
    strides,
    'valid',
  );
}

const avgPool: Kernel = (run, { x }, attributes) => {
  const border = poolingBorder(x!.shape, attributes);
  const average = run({ x: lay(x!, border) }, { ...attributes, ...valid });
  return tf.div(average, shareOnImage(x!.shape, border, attributes));
};

const avgPoolGrad: Kernel = (run, { dy, input }, attributes) => {
  const border = poolingBorder(input!.shape, attributes);
  const share = shareOnImage(input!.shape, border, attributes);
  const inputs = { dy: tf.div(dy!, share) as tf.Tensor4D, input: lay(input!, border) };
  return takeOff(run(inputs, { ...attributes, ...valid }) as tf.Tensor4D, border, input!.shape);
};

const padded: Readonly<Record<string, Kernel>> = {
  Conv2D: convolution(false),
  FusedConv2D: convolution(false),
  Conv2DBackpropInput: convolutionOfInput(false),
  Conv2DBackpropFilter: convolutionOfFilter(false),
  DepthwiseConv2dNative: convolution(true),
  DepthwiseConv2dNativeBackpropInput: convolutionOfInput(true),
  DepthwiseConv2dNativeBackpropFilter: convolutionOfFilter(true),
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGrad,
  AvgPool: avgPool,
  AvgPoolGrad: avgPoolGrad,
};

function isRefused({ pad, dataFormat = 'NHWC' }: Attributes): boolean {
  return pad !== 'same' && pad !== 'valid' && dataFormat === 'NHWC';
}

/** Puts these in the places of tfjs-node's kernels, which do the rest; to be called once. */
export function extendKernels(): void {
  for (const [kernelName, kernel] of Object.entries(padded)) {
    const stock = tf.getKernel(kernelName, backendName);
    const kernelFunc = (given: Parameters<tf.KernelFunc>[0]) => {
      const inputs = given.inputs as Inputs;
      const attributes = given.attrs as unknown as Attributes;
      const run: Run = (others, attrs) =>
        stock.kernelFunc({ ...given, inputs: others, attrs: attrs as tf.NamedAttrMap }) as tf.Tensor;
      if (kernelName === 'DepthwiseConv2dNative' && isDilated(attributes)) {
        return tf.tidy(() => dilatedDepthwise(inputs.x!, inputs.filter!, attributes));
      }
      if (!isRefused(attributes)) return stock.kernelFunc(given);
      return tf.tidy(() => kernel(run, inputs, attributes));
    };
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({ ...stock, kernelFunc });
  }
}
