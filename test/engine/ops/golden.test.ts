// Our operations beside PyTorch's, on every engine: outputs, and gradients of Σ output · cotangent.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { gelu, silu } from '../../../src/engine/ops/activations.ts';
import { groupNorm } from '../../../src/engine/ops/group-norm.ts';
import { groupedConv2d } from '../../../src/engine/ops/grouped-conv2d.ts';
import { maxPoolWithIndices, maxUnpool } from '../../../src/engine/ops/max-unpool.ts';
import { type GoldenTensor, loadGolden, toTensor } from '../../golden/load.ts';
import { relativeToMaximum } from '../../support.ts';
import { engines } from '../engines.ts';

interface Attributes {
  readonly strides: [number, number, number];
  readonly groups: number;
  readonly dilations: [number, number];
  readonly epsilon: number;
}

interface Golden {
  readonly name: string;
  readonly attributes: Attributes;
  readonly inputs: Record<string, GoldenTensor>;
  readonly output: GoldenTensor;
  readonly cotangent: GoldenTensor;
  readonly gradients: Record<string, GoldenTensor>;
}

type Operation = (inputs: tf.Tensor[], attributes: Attributes) => tf.Tensor;

const normalised: Operation = ([x, gamma, beta], { groups, epsilon }) =>
  groupNorm(x!, gamma!, beta!, { groups, epsilon });

const operations: Record<string, Operation> = {
  conv3d: ([x, filter], { strides }) =>
    tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, strides, 'same', 'NDHWC', 1),
  groupedConv2d: ([x, filter], { strides, groups, dilations }) =>
    groupedConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, {
      strides: [strides[0], strides[1]],
      pad: 'same',
      groups,
      dilations,
    }),
  groupNorm: normalised,
  instanceNorm: normalised,
  layerNorm: ([x, gamma, beta], { epsilon }) => {
    const rows = tf.reshape(x!, [-1, gamma!.size]);
    return tf.reshape(groupNorm(rows, gamma!, beta!, { groups: 1, epsilon }), x!.shape);
  },
  silu: ([x]) => silu(x!),
  gelu: ([x]) => gelu(x!),
  geluTanh: ([x]) => gelu(x!, 'tanh'),
  softplus: ([x]) => tf.softplus(x!),
  maxUnpool: ([x]) => {
    const { pooled, indices } = maxPoolWithIndices(x as tf.Tensor4D, 2, 2, 'valid');
    return maxUnpool(tf.square(pooled), indices, [x!.shape[1]!, x!.shape[2]!]);
  },
};

const { cases } = loadGolden<{ cases: Golden[] }>('operations');

for (const engine of engines) {
  describe(`operations beside PyTorch's, on ${engine.name}`, () => {
    before(() => engine.use());

    for (const [index, golden] of cases.entries()) {
      test(`${golden.name} ${index}`, () => {
        tf.tidy(() => {
          const operation = operations[golden.name] as Operation;
          const names = Object.keys(golden.inputs);
          const inputs = names.map((name) => toTensor(golden.inputs[name]!));
          const run = (...values: tf.Tensor[]) => operation(values, golden.attributes);
          const output = run(...inputs);
          assert.deepEqual(output.shape, golden.output.shape);
          const error = relativeToMaximum(output.dataSync(), golden.output.data);
          assert.ok(error < 3e-6, `the output differs by ${error} of its largest element`);
          const gradients = tf.grads(run)(inputs, toTensor(golden.cotangent));
          for (const [i, name] of names.entries()) {
            const difference = relativeToMaximum(gradients[i]!.dataSync(), golden.gradients[name]!.data);
            assert.ok(difference < 1e-5, `the gradient of ${name} differs by ${difference}`);
          }
        });
      });
    }
  });
}
