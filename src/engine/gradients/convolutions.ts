import * as tf from '@tensorflow/tfjs';
import { runKernel } from '../ops/kernels.ts';
import { reluGrad } from './activations.ts';
import {
  type ConvolutionAttributes,
  dilatedDepthwiseGradient,
  dilatedGradient,
  isDilated,
} from './dilated-convolution.ts';
import { sumToShape } from './shapes.ts';

type Operands = [x: tf.Tensor4D, filter: tf.Tensor4D];

/** The gradient of `x` and of `filter`, each computed only when it is asked for. */
function convolutionGradients(dy: tf.Tensor, [x, filter]: Operands, attributes: ConvolutionAttributes) {
  if (isDilated(attributes)) return dilatedGradient(dy as tf.Tensor4D, x, filter, attributes);
  const { strides, pad, dataFormat, dimRoundingMode } = attributes;
  const shared = { strides, pad, dataFormat, dimRoundingMode };
  return {
    x: () => runKernel('Conv2DBackpropInput', { dy, filter }, { ...shared, inputShape: x.shape }),
    filter: () => runKernel('Conv2DBackpropFilter', { x, dy }, { ...shared, filterShape: filter.shape }),
  };
}

export const conv2dGradient: tf.GradConfig = {
  kernelName: 'Conv2D',
  inputsToSave: ['x', 'filter'],
  gradFunc: (dy, saved, attrs) =>
    convolutionGradients(dy as tf.Tensor, saved as Operands, attrs as unknown as ConvolutionAttributes),
};

/** Of the kernel with bias, and with relu or no activation, as fused-ops.ts runs it. */
export const fusedConv2dGradient: tf.GradConfig = {
  kernelName: 'FusedConv2D',
  inputsToSave: ['x', 'filter'],
  outputsToSave: [true],
  gradFunc: (upstream, saved, attrs) => {
    const [x, filter, y] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
    const dy = attrs.activation === 'relu' ? reluGrad(upstream as tf.Tensor, y) : (upstream as tf.Tensor);
    return {
      ...convolutionGradients(dy, [x, filter], attrs as unknown as ConvolutionAttributes),
      bias: () => sumToShape(dy, dy.shape.slice(-1)),
    };
  },
};

export const depthwiseConv2dGradient: tf.GradConfig = {
  kernelName: 'DepthwiseConv2dNative',
  inputsToSave: ['x', 'filter'],
  gradFunc: (upstream, saved, attrs) => {
    const dy = upstream as tf.Tensor4D;
    const [x, filter] = saved as Operands;
    const attributes = attrs as unknown as ConvolutionAttributes;
    if (isDilated(attributes)) return dilatedDepthwiseGradient(dy, x, filter, attributes);
    const { strides, pad, dimRoundingMode } = attributes;
    const shared = { strides, pad, dimRoundingMode, dilations: [1, 1] };
    return {
      x: () =>
        runKernel('DepthwiseConv2dNativeBackpropInput', { dy, filter }, { ...shared, inputShape: x.shape }),
      filter: () =>
        runKernel('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...shared, filterShape: filter.shape }),
    };
  },
};

/** Of `conv3dTranspose`, which is the gradient of `conv3d` run forwards; tfjs has none. */
export const conv3dTransposeGradient: tf.GradConfig = {
  kernelName: 'Conv3DBackpropInputV2',
  inputsToSave: ['dy', 'filter'],
  gradFunc: (upstream, saved, attrs) => {
    const [x, filter] = saved as [tf.Tensor5D, tf.Tensor5D];
    const { strides, pad } = attrs as unknown as { strides: [number, number, number]; pad: 'valid' | 'same' };
    const dy = upstream as tf.Tensor5D;
    const attributes = { strides, pad, filterShape: filter.shape };
    return {
      dy: () => tf.conv3d(dy, filter, strides, pad),
      filter: () => runKernel('Conv3DBackpropFilterV2', { x: dy, dy: x }, attributes),
    };
  },
};
