// Single operations against TensorFlow and PyTorch in float64: outputs and all gradients.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { type GoldenTensor, loadGolden, toTensor } from '../../golden/load.ts';
import { relativeToMaximum } from '../../support.ts';
import { engines } from '../engines.ts';

interface Primitive {
  readonly name: string;
  readonly op: string;
  readonly strides?: number;
  readonly padding?: 'same' | 'valid';
  readonly dilation?: number;
  readonly groups?: number;
  readonly poolSize?: number;
  readonly size?: [number, number];
  readonly mode?: string;
  readonly inputs: { x: GoldenTensor; kernel?: GoldenTensor };
  readonly R: GoldenTensor;
  readonly output: GoldenTensor;
  readonly grads: { x: GoldenTensor; kernel?: GoldenTensor };
}

/** Float32 against float64, as a share of the largest element: the fixtures' own suggestion. */
const tolerance = 1e-4;

type Run = (primitive: Primitive, x: tf.Tensor, kernel: tf.Tensor) => tf.Tensor;
const planes = (x: tf.Tensor) => x as tf.Tensor4D;
const volumes = (x: tf.Tensor) => x as tf.Tensor5D;

const operations: Record<string, Run> = {
  conv2d({ strides, padding, dilation = 1, groups = 1 }, x, kernel) {
    const filters = tf.split(planes(kernel), groups, 3);
    const parts = tf
      .split(planes(x), groups, 3)
      .map((part, i) => tf.conv2d(planes(part), planes(filters[i]!), strides!, padding!, 'NHWC', dilation));
    return tf.concat(parts, 3);
  },
  depthwiseConv2d: ({ strides, padding }, x, kernel) =>
    tf.depthwiseConv2d(planes(x), planes(kernel), strides!, padding!),
  conv2dTranspose: ({ strides, padding, output }, x, kernel) =>
    tf.conv2dTranspose(
      planes(x),
      planes(kernel),
      output.shape as [number, number, number, number],
      strides!,
      padding!,
    ),
  conv3d: ({ strides, padding }, x, kernel) => tf.conv3d(volumes(x), volumes(kernel), strides!, padding!),
  conv3dTranspose: ({ strides, padding, output }, x, kernel) =>
    tf.conv3dTranspose(
      volumes(x),
      volumes(kernel),
      output.shape as [number, number, number, number, number],
      strides!,
      padding!,
    ),
  maxPool: ({ poolSize, strides, padding }, x) => tf.maxPool(planes(x), poolSize!, strides!, padding!),
  avgPool: ({ poolSize, strides, padding }, x) => tf.avgPool(planes(x), poolSize!, strides!, padding!),
  resizeBilinear: ({ size, mode }, x) =>
    tf.image.resizeBilinear(planes(x), size!, mode === 'align_corners', mode === 'half_pixel'),
  upSampling2d: ({ size }, x) => tf.layers.upSampling2d({ size: size! }).apply(x) as tf.Tensor,
  globalAveragePooling2d: (_, x) => tf.layers.globalAveragePooling2d({}).apply(x) as tf.Tensor,
  globalMaxPooling2d: (_, x) => tf.layers.globalMaxPooling2d({}).apply(x) as tf.Tensor,
};

const { cases } = loadGolden<{ cases: Primitive[] }>('blocks/primitives');

function assertNear(actual: tf.Tensor, expected: GoldenTensor, what: string): void {
  assert.deepEqual(actual.shape, expected.shape, `shape of ${what}`);
  const error = relativeToMaximum(actual.dataSync(), expected.data);
  assert.ok(error <= tolerance, `${what} differs by ${error} of its largest element`);
}

for (const engine of engines) {
  describe(`primitives on ${engine.name}`, () => {
    before(() => engine.use());
    for (const primitive of cases) {
      test(primitive.name, () => {
        tf.tidy(() => {
          const { inputs, grads } = primitive;
          const names = Object.keys(inputs) as ('x' | 'kernel')[];
          const operation = (...tensors: tf.Tensor[]) =>
            operations[primitive.op]!(primitive, tensors[0]!, tensors[1]!);
          const tensors = names.map((name) => toTensor(inputs[name]!));
          assertNear(operation(...tensors), primitive.output, 'output');
          const gradients = tf.grads(operation)(tensors, toTensor(primitive.R));
          names.forEach((name, i) => {
            assertNear(gradients[i]!, grads[name]!, `gradient of ${name}`);
          });
        });
      });
    }
  });
}
