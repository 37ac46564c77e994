// Layers of ours: saved and loaded, and a gradient for every weight, on every engine.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { BilinearUpSampling2D } from '../../../src/engine/layers/bilinear-up-sampling.ts';
import { BlurPool2D } from '../../../src/engine/layers/blur-pool.ts';
import { GroupNormalization } from '../../../src/engine/layers/group-normalization.ts';
import { GroupedConv2D } from '../../../src/engine/layers/grouped-conv2d.ts';
import { LocalResponseNormalization } from '../../../src/engine/layers/local-response-normalization.ts';
import { MaxPoolingWithIndices2D, MaxUnpooling2D } from '../../../src/engine/layers/max-unpool.ts';
import { UsageError } from '../../../src/errors.ts';
import { assertClose } from '../../support.ts';
import { engines } from '../engines.ts';
import { distinctValues } from '../finite-differences.ts';

const shape: [number, number, number] = [6, 7, 4];
const input = () => tf.input({ shape });

function of(layer: tf.layers.Layer): tf.LayersModel {
  const x = input();
  return tf.model({ inputs: x, outputs: layer.apply(x) as tf.SymbolicTensor });
}

/** One output each, of `[6, 7, 4]` images. */
const models: Record<string, () => tf.LayersModel> = {
  'bilinear up-sampling': () => of(new BilinearUpSampling2D({ factor: 3, alignCorners: false })),
  'bilinear up-sampling, aligned': () => of(new BilinearUpSampling2D({ factor: 2, alignCorners: true })),
  'blur pool': () => of(new BlurPool2D({})),
  'local response normalisation': () => of(new LocalResponseNormalization({ size: 3, alpha: 1, beta: 0.75 })),
  'group normalisation': () => of(new GroupNormalization({ groups: 2, epsilon: 1e-5 })),
  'instance normalisation without weights': () =>
    of(new GroupNormalization({ groups: -1, scale: false, center: false })),
  'grouped convolution': () =>
    of(new GroupedConv2D({ filters: 6, kernelSize: 3, groups: 2, strides: 2, padding: 'same' })),
  'dilated grouped convolution': () =>
    of(
      new GroupedConv2D({ filters: 4, kernelSize: [3, 1], groups: 4, dilationRate: [2, 1], useBias: false }),
    ),
  'pooling and unpooling': () => {
    const x = input();
    const [pooled, indices] = new MaxPoolingWithIndices2D().apply(x) as tf.SymbolicTensor[];
    const y = new MaxUnpooling2D().apply([pooled!, indices!, x]) as tf.SymbolicTensor;
    return tf.model({ inputs: x, outputs: y });
  },
};

async function savedAndLoaded(model: tf.LayersModel): Promise<tf.LayersModel> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (saved) => {
      artifacts = saved;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  const json = JSON.parse(JSON.stringify(artifacts!.modelTopology)) as object;
  return tf.loadLayersModel(tf.io.fromMemory({ ...artifacts!, modelTopology: json }));
}

for (const engine of engines) {
  describe(`layers on ${engine.name}`, () => {
    before(() => engine.use());

    for (const [name, build] of Object.entries(models)) {
      test(`${name}: shape, saving, gradients`, async () => {
        const model = build();
        const images = tf.tensor(distinctValues(2 * 6 * 7 * 4, 3), [2, ...shape]);
        const y = model.predict(images) as tf.Tensor;
        assert.deepEqual(y.shape.slice(1), (model.outputShape as tf.Shape).slice(1));
        const again = await savedAndLoaded(model);
        const repeated = again.predict(images) as tf.Tensor;
        assertClose(repeated.dataSync(), y.dataSync(), { relative: 0, absolute: 0 });
        const loss = () =>
          tf.sum(tf.square(model.apply(images, { training: true }) as tf.Tensor)) as tf.Scalar;
        const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
        if (variables.length > 0) {
          const { grads } = tf.variableGrads(loss, variables);
          for (const gradient of Object.values(grads)) {
            assert.ok(gradient.dataSync().some((value) => value !== 0));
          }
        }
        const square = (x: tf.Tensor) => tf.sum(tf.pow(model.apply(x, { training: true }) as tf.Tensor, 3));
        const dx = tf.grad(square)(images);
        assert.ok(dx.dataSync().every(Number.isFinite) && dx.dataSync().some((value) => value !== 0));
      });
    }

    test('blur pool keeps constants and weighs 1 : 2 : 1, reflected at the edge', () => {
      const blurred = (x: tf.Tensor4D) => (new BlurPool2D({}).apply(x) as tf.Tensor).dataSync();
      assertClose(blurred(tf.fill([1, 2, 2, 1], 3)), [3]);
      const bump = tf.tensor4d([0, 0, 0, 0, 16, 0, 0, 0, 0], [1, 3, 3, 1]);
      // The corners see the bump twice in each direction, by reflection.
      assertClose(blurred(bump), [4, 4, 4, 4]);
    });

    test('unpooling undoes pooling of odd sizes, at the first of equals', () => {
      const map = tf.tensor4d([-1, -2, -3, -4, -5, -6, -9, -8, -8], [1, 3, 3, 1]);
      const [pooled, indices] = new MaxPoolingWithIndices2D().apply(map) as tf.Tensor[];
      assert.deepEqual([...pooled!.dataSync()], [-1, -3, -8, -8]);
      const values = tf.tensor4d([10, 20, 30, 40], [1, 2, 2, 1]);
      const restored = new MaxUnpooling2D().apply([values, indices!, map]) as tf.Tensor;
      assert.deepEqual([...restored.dataSync()], [10, 0, 20, 0, 0, 0, 0, 30, 40]);
    });

    test('groups that do not divide the channels are refused', () => {
      const channels = { shape: [4, 4, 6] };
      const applied = (layer: tf.layers.Layer) => () => layer.apply(tf.zeros([1, ...channels.shape]));
      assert.throws(applied(new GroupedConv2D({ filters: 6, kernelSize: 1, groups: 4 })), UsageError);
      assert.throws(applied(new GroupedConv2D({ filters: 4, kernelSize: 1, groups: 3 })), UsageError);
      assert.throws(applied(new GroupNormalization({ groups: 4 })), UsageError);
    });

    test('activations of tf.layers are one kernel where there is one, and the same function', () => {
      const x = tf.tensor(distinctValues(60, 5), [3, 20]).mul(4);
      const expected: Record<string, tf.Tensor> = {
        swish: tf.mul(x, tf.sigmoid(x)),
        gelu: tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
        relu6: tf.minimum(tf.relu(x), 6),
      };
      for (const [activation, result] of Object.entries(expected)) {
        const layer = tf.layers.activation({ activation: activation as 'relu' });
        // tfjs' erf is right to 1.5e-7.
        assertClose((layer.apply(x) as tf.Tensor).dataSync(), result.dataSync(), { absolute: 1e-6 });
      }
    });
  });
}
