import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { type LossName, lossOf } from '../../src/losses/create.ts';
import * as registry from '../../src/losses/registry.ts';
import { createRandom } from '../../src/random.ts';
import { golden, openClassifier, openSegmenter, type Stored, tensorOf } from '../attacks/golden.ts';
import { assertClose, noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

interface Metrics {
  readonly ce: Stored;
  readonly margin: Stored;
  readonly segmenter: { readonly logits: Stored; readonly ce: Stored };
}
const stored = golden<Metrics>('metrics');

/** Of the fixtures' losses. */
const tolerance = { absolute: 1e-5, relative: 1e-5 };

test('cross-entropy and margin of a classifier are those of the reference', () =>
  noTensorLeak(() => {
    const net = openClassifier();
    tf.tidy(() => {
      const logits = net.logits(net.images);
      assertClose(lossOf('crossEntropy')(logits, net.labels).dataSync(), stored.ce.data, tolerance);
      // The reference's margin is that of the label: positive while the prediction is right.
      const margins = stored.margin.data.map((value) => -value);
      assertClose(lossOf('margin')(logits, net.labels).dataSync(), margins, tolerance);
    });
    net.dispose();
  }));

test('cross-entropy of a segmenter is the mean over the pixels of an image', () =>
  noTensorLeak(() => {
    const net = openSegmenter();
    tf.tidy(() => {
      const pixels = tensorOf(stored.segmenter.ce);
      const losses = lossOf('crossEntropy')(tensorOf(stored.segmenter.logits), net.labels);
      assertClose(losses.dataSync(), pixels.mean([1, 2]).dataSync(), tolerance);
    });
    net.dispose();
  }));

test('the margin is the mean over pixels of the best wrong logit minus the right one', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const logits = tf.tensor4d([3, 1, 2, 0, 5, 4], [1, 1, 2, 3]);
      assertClose(lossOf('margin')(logits, tf.tensor3d([0, 2], [1, 1, 2], 'int32')).dataSync(), [
        (-1 + 1) / 2,
      ]);
    }),
  ));

describe('Dice with cross-entropy', () => {
  /** Nearly sure of the classes given. */
  const sure = (classes: number[]) =>
    tf.oneHot(tf.tensor1d(classes, 'int32'), 3).mul(60).reshape([1, 2, 2, 3]);
  const labelled = (classes: number[]) => tf.tensor3d(classes, [1, 2, 2], 'int32');
  const lossOf4 = (predicted: number[], actual: number[]) => {
    const [logits, labels] = [sure(predicted), labelled(actual)];
    const crossEntropy = lossOf('crossEntropy')(logits, labels);
    return lossOf('diceCrossEntropy')(logits, labels).sub(crossEntropy).dataSync()[0] as number;
  };

  test('is cross-entropy plus one minus the mean Dice of the foreground classes, a pixel added to both sides', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        // Class 1: predicted 2, actual 1, both 1. Class 2: predicted 1, actual 2, both 1.
        assertClose([lossOf4([0, 1, 1, 2], [0, 1, 2, 2])], [1 - (2 + 1) / (3 + 1)]);
        assertClose([lossOf4([0, 1, 1, 2], [0, 1, 1, 2])], [0]);
      }),
    ));

  test('of an image without foreground is 0 where none is predicted and grows with what is', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        assertClose([lossOf4([0, 0, 0, 0], [0, 0, 0, 0])], [0]);
        assertClose([lossOf4([1, 0, 0, 0], [0, 0, 0, 0])], [1 / 2 / 2]);
        assertClose([lossOf4([1, 1, 1, 0], [0, 0, 0, 0])], [3 / 4 / 2]);
      }),
    ));

  test('refuses classification', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        assert.throws(() => lossOf('diceCrossEntropy')(tf.zeros([2, 3]), tf.zeros([2], 'int32')), UsageError);
      }),
    ));
});

describe('every loss', () => {
  const shapes = { classification: [3, 4], segmentation: [3, 5, 6, 4] };

  function example(shape: number[], seed: number) {
    const random = createRandom(seed);
    const labelShape = shape.slice(0, -1);
    const labels = Int32Array.from({ length: tf.util.sizeFromShape(labelShape) }, () => random.integer(4));
    return {
      logits: tf.tensor(random.normals(tf.util.sizeFromShape(shape), 0, 2), shape),
      labels: tf.tensor(labels, labelShape, 'int32'),
    };
  }

  for (const name of Object.keys(registry) as LossName[]) {
    for (const task of ['classification', 'segmentation'] as const) {
      if (name === 'diceCrossEntropy' && task === 'classification') continue;

      test(`${name} in ${task}: one value an image, which depends on no other image`, () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            const { logits, labels } = example(shapes[task], 1);
            const losses = lossOf(name)(logits, labels);
            assert.deepEqual(losses.shape, [3]);
            for (const i of [0, 1, 2]) {
              const single = lossOf(name)(tf.gather(logits, [i]), tf.gather(labels, [i]));
              assertClose(single.dataSync(), [losses.dataSync()[i] as number]);
            }
          }),
        ));

      test(`${name} in ${task}: the gradient is that of finite differences`, () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            const { logits, labels } = example(shapes[task], 2);
            const f = (z: tf.Tensor) => lossOf(name)(z, labels).sum();
            const along = example(shapes[task], 3).logits;
            const slope = tf.grad(f)(logits).mul(along).sum().dataSync()[0] as number;
            const step = 1e-3;
            const ahead = f(logits.add(along.mul(step))).dataSync()[0] as number;
            const behind = f(logits.sub(along.mul(step))).dataSync()[0] as number;
            // Losses of about 10 rounded to 1e-6 and divided by 2e-3.
            assertClose([(ahead - behind) / (2 * step)], [slope], { absolute: 5e-3, relative: 1e-2 });
          }),
        ));
    }

    test(`${name}: pixels with a negative label change nothing, an image of nothing else has loss and gradient 0`, () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const { logits, labels } = example(shapes.segmentation, 4);
          const ignored = tf.tensor3d(
            labels.dataSync().map((label, i) => (i % 3 === 0 || i >= 60 ? -1 : label)) as Int32Array,
            [3, 5, 6],
            'int32',
          );
          const changed = logits.add(
            tf.less(ignored, 0).toFloat().mul(7).expandDims(-1).mul([1, -2, 3, 0.5]),
          );
          const losses = lossOf(name)(logits, ignored).dataSync();
          assertClose(lossOf(name)(changed, ignored).dataSync(), losses);
          assert.ok(Math.abs(losses[2] as number) < 1e-6);
          const gradient = tf.grad((z) => lossOf(name)(z, ignored).sum())(logits);
          const ofIgnored = gradient.mul(tf.less(ignored, 0).toFloat().expandDims(-1));
          assert.equal(ofIgnored.abs().max().dataSync()[0], 0);
        }),
      ));
  }

  test('is found by its name only', () => {
    assert.throws(
      () => lossOf('crossentropy' as LossName),
      /There is no loss "crossentropy". Choose one of: crossEntropy,/,
    );
  });
});
