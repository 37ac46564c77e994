import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { createAttack } from '../../src/attacks/create.ts';
import { gradient } from '../../src/attacks/gradient.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { robustnessCurves } from '../../src/robustness/curve.ts';
import { metricOf } from '../../src/robustness/metrics/create.ts';
import { asLogits, type Outputs, outputsOf } from '../../src/robustness/outputs.ts';
import { classifierOf } from '../../src/robustness/target.ts';
import { assertClose, noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

const crossEntropy = lossOf('crossEntropy');
const initializer = (seed: number) => tf.initializers.randomNormal({ seed, stddev: 2 });

/** One net with different ends: all give the same probabilities of their two classes. */
function modelEndingIn(end: string): tf.LayersModel {
  const input = tf.input({ shape: [6, 6, 1] });
  const convolution = { filters: 3, kernelSize: 3, activation: 'relu', kernelInitializer: initializer(1) };
  const features = tf.layers.flatten().apply(tf.layers.conv2d(convolution as never).apply(input));
  const single = ['one logit', 'sigmoid', 'sigmoid layer', 'sigmoid of [batch]'].includes(end);
  const dense = tf.layers.dense({
    units: single ? 1 : 2,
    activation: end === 'sigmoid' || end === 'softmax' ? end : 'linear',
  } as never);
  let output = dense.apply(features) as tf.SymbolicTensor;
  if (end.startsWith('sigmoid ')) {
    output = tf.layers.activation({ activation: 'sigmoid' }).apply(output) as tf.SymbolicTensor;
  }
  if (end === 'sigmoid of [batch]') {
    output = tf.layers.reshape({ targetShape: [] }).apply(output) as tf.SymbolicTensor;
  }
  if (end === 'softmax layer') output = tf.layers.softmax().apply(output) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: output });
  // The weights of the second class; those of the first are 0.
  const column = createRandom(5).normals(48, 0, 0.2);
  const kernel = single
    ? column
    : Float32Array.from({ length: 96 }, (_, i) => (i % 2) * (column[i >> 1] as number));
  tf.tidy(() => {
    dense.setWeights([tf.tensor2d(kernel, [48, single ? 1 : 2]), tf.tensor1d(single ? [0.1] : [0, 0.1])]);
  });
  return model;
}

const images = () => tf.tensor4d(createRandom(2).uniforms(8 * 36, 0, 1), [8, 6, 6, 1]);

describe('whatever a net ends in, its curves are those of its logits', () => {
  const ends: Record<string, Outputs> = {
    'two logits': 'logits',
    'one logit': 'logits',
    softmax: 'softmax',
    'softmax layer': 'softmax',
    sigmoid: 'sigmoid',
    'sigmoid layer': 'sigmoid',
    'sigmoid of [batch]': 'sigmoid',
  };
  async function curveOf(end: string, outputs?: Outputs) {
    const model = modelEndingIn(end);
    using net = classifierOf(model, outputs && { outputs });
    async function* data() {
      const batch = { ids: [], images: images(), labels: tf.tensor1d([0, 1, 0, 1, 1, 0, 1, 0], 'int32') };
      yield { ...batch, [Symbol.dispose]: () => tf.dispose([batch.images, batch.labels]) };
    }
    const { curves } = await robustnessCurves(data(), {
      net,
      attacks: [createAttack({ name: 'fgsm' }), createAttack({ name: 'pgd', steps: 5 })],
      norm: 'linf',
      epsilons: [0.01, 0.03, 0.1],
      metric: { name: 'accuracy', metric: metricOf('accuracy') },
      loss: crossEntropy,
      random: createRandom(1),
    });
    model.dispose();
    return curves.map(({ points, flags }) => ({ values: points.map(({ value }) => value), flags }));
  }
  for (const [end, outputs] of Object.entries(ends)) {
    test(end, async () => {
      const expected = await curveOf('two logits');
      assert.ok((expected[1]?.values.at(-1) as number) < (expected[1]?.values[0] as number));
      assert.deepEqual(await noTensorLeak(() => curveOf(end, outputs)), expected);
      // A reshape hides what stands before it.
      if (!end.includes('[batch]')) assert.deepEqual(await curveOf(end), expected);
    });
  }
});

test('the last layer tells what it gives', () => {
  for (const [end, outputs] of [
    ['two logits', 'logits'],
    ['one logit', 'logits'],
    ['softmax', 'softmax'],
    ['softmax layer', 'softmax'],
    ['sigmoid', 'sigmoid'],
    ['sigmoid layer', 'sigmoid'],
  ] as const) {
    const model = modelEndingIn(end);
    assert.equal(outputsOf(model), outputs, end);
    model.dispose();
  }
});

test('a sure net keeps its gradient, behind a softmax and behind a sigmoid', async () => {
  for (const end of ['softmax', 'sigmoid', 'sigmoid layer']) {
    await noTensorLeak(() => {
      const model = modelEndingIn(end);
      const dense = model.layers.find((layer) => layer.getClassName() === 'Dense') as tf.layers.Layer;
      // A lead of about 40: the probability is 1 in float32.
      tf.tidy(() => {
        const [kernel, bias] = dense.getWeights() as [tf.Tensor, tf.Tensor];
        dense.setWeights([kernel, bias.add(end === 'softmax' ? tf.tensor1d([0, 40]) : 40)]);
      });
      const before = dense.getWeights().map((weight) => weight.dataSync());
      {
        using net = classifierOf(model);
        tf.tidy(() => {
          const [batch, labels] = [images(), tf.ones([8]).toInt()];
          const slope = gradient((moved) => crossEntropy(net.logits(moved), labels), batch);
          const largest = slope.abs().max([1, 2, 3]).dataSync();
          for (const value of largest) assert.ok(value > 0 && Number.isFinite(value), `${end}: ${largest}`);
          const probabilities = model.predict(batch) as tf.Tensor;
          assert.ok(probabilities.max().dataSync()[0] === 1, 'the model itself is as it was');
        });
      }
      assert.deepEqual(
        dense.getWeights().map((weight) => weight.dataSync()),
        before,
      );
      model.dispose();
    });
  }
});

test('maps of one value a pixel, with an axis of 1 and without', () => {
  tf.tidy(() => {
    // Two wide, it would be two labels of an image.
    const z = tf.tensor3d([0, 1, -2, 3, 4, -5], [1, 2, 3]);
    const expected = [0, 0, 0, 1, 0, -2, 0, 3, 0, 4, 0, -5];
    for (const outputs of [z, z.expandDims(-1)]) {
      assert.deepEqual(asLogits(outputs, 'logits').shape, [1, 2, 3, 2]);
      assertClose(asLogits(outputs, 'logits').dataSync(), expected);
      assertClose(asLogits(outputs.sigmoid(), 'sigmoid').dataSync(), expected);
    }
  });
});

test('probabilities of exactly 0 and 1 give finite logits, and NaN stays NaN', () => {
  tf.tidy(() => {
    const certain = [
      asLogits(tf.tensor2d([1, 0, 0, 1], [2, 2]), 'softmax'),
      asLogits(tf.tensor2d([1, 0], [2, 1]), 'sigmoid'),
    ];
    for (const logits of certain) assert.ok(logits.dataSync().every(Number.isFinite));
    for (const kind of ['softmax', 'sigmoid'] as const) {
      const broken = asLogits(tf.fill([1, kind === 'softmax' ? 2 : 1], Number.NaN), kind);
      assert.ok(Number.isNaN(broken.dataSync()[1]));
    }
  });
});

test('refuses one value after a softmax and several after a sigmoid', () => {
  tf.tidy(() => {
    assert.throws(() => asLogits(tf.ones([3, 1]), 'softmax'), UsageError);
    assert.throws(() => asLogits(tf.ones([3, 4]), 'sigmoid'), /expected one value.*received \[3,4\]/);
  });
  const model = modelEndingIn('two logits');
  assert.throws(() => classifierOf(model, { outputs: 'sigmoid' }), /Several labels for one image/);
  model.dispose();
});
