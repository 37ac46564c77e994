import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Task } from '../../src/data/dataset.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { type LossChoice, type LossName, lossOf } from '../../src/losses/create.ts';
import * as registry from '../../src/losses/registry.ts';
import { createRandom } from '../../src/random.ts';
import { golden, openClassifier, openSegmenter, type Stored, tensorOf } from '../attacks/golden.ts';
import { engines } from '../engine/engines.ts';
import { type GoldenTensor, loadGolden, toTensor } from '../golden/load.ts';
import { assertClose, noTensorLeak, relativeToMaximum } from '../support.ts';

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

test('cross-entropy of logits of any size has a finite gradient', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const labels = tf.tensor1d([2, 1, 0], 'int32');
      const logits = tf.tensor2d([0.001, 0, 2, 1, 3, -4, 5, 5.1, 1], [3, 3]);
      const gradientAt = (scale: number) => {
        const scaled = logits.mul(scale) as tf.Tensor2D;
        const slopes = tf
          .grad((z) => lossOf('crossEntropy')(z, labels).sum())(scaled)
          .dataSync();
        // Without the sign of zeros.
        return Array.from(slopes, (slope) => slope + 0);
      };
      for (const scale of [1e4, 1e12]) assert.deepEqual(gradientAt(scale), [0, 0, 0, 0, 0, 0, -1, 1, 0]);
    }),
  ));

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

/** Those that are for maps only. */
const ofMaps: readonly string[] = ['boundary', 'dice', 'diceCrossEntropy', 'generalisedDice', 'tversky'];

/** The tasks that a loss with some options is for; the weights of classes below are of four. */
function tasksOf({ name, ...options }: Exclude<LossChoice, string>): readonly Task[] {
  if (name === 'binaryCrossEntropy') return ['multilabel'];
  if (ofMaps.includes(name)) return ['segmentation'];
  const all: readonly Task[] = ['classification', 'segmentation'];
  return 'classWeights' in options ? all : [...all, 'multilabel'];
}

/** Of each loss, options far from their defaults; a new loss of the registry fails to compile until it is here. */
const options: Readonly<Record<LossName, readonly object[]>> = {
  binaryCrossEntropy: [{}, { positiveWeights: [0.5, 2, 1, 3, 0] }],
  boundary: [{}, { share: 0.9 }, { ignoreLabel: 1 }],
  crossEntropy: [{}, { labelSmoothing: 0.2 }, { classWeights: [0.5, 2, 1, 3], ignoreLabel: 1 }],
  dice: [{}, { smooth: 0.1, includeBackground: true }, { ignoreLabel: 1 }],
  diceCrossEntropy: [{}, { smooth: 3, labelSmoothing: 0.2, classWeights: [0.5, 2, 1, 3], ignoreLabel: 1 }],
  focal: [{}, { gamma: 0.5 }, { gamma: 3, classWeights: [0.5, 2, 1, 3], ignoreLabel: 1 }],
  generalisedDice: [{}, { smooth: 0.1 }, { ignoreLabel: 1 }],
  margin: [{}],
  tversky: [{}, { alpha: 0.5, beta: 0.5, includeBackground: true }, { smooth: 0.1, ignoreLabel: 1 }],
};

describe('every loss', () => {
  const shapes: Record<Task, number[]> = {
    classification: [3, 4],
    multilabel: [3, 5, 2],
    segmentation: [3, 5, 6, 4],
  };

  function example(task: Task, seed: number) {
    const random = createRandom(seed);
    const shape = shapes[task];
    const labelShape = shape.slice(0, -1);
    const labels = Int32Array.from({ length: tf.util.sizeFromShape(labelShape) }, () =>
      random.integer(shape.at(-1) as number),
    );
    return {
      logits: tf.tensor(random.normals(tf.util.sizeFromShape(shape), 0, 2), shape),
      labels: tf.tensor(labels, labelShape, 'int32'),
    };
  }

  const choices = (Object.keys(registry) as LossName[]).flatMap((name) =>
    options[name].map((some) => ({ name, ...some }) as Exclude<LossChoice, string>),
  );
  for (const choice of choices) {
    const name = JSON.stringify(choice);
    for (const task of tasksOf(choice)) {
      test(`${name} in ${task}: one value an image, which depends on no other image`, () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            const { logits, labels } = example(task, 1);
            const losses = lossOf(choice)(logits, labels);
            assert.deepEqual(losses.shape, [3]);
            for (const i of [0, 1, 2]) {
              const single = lossOf(choice)(tf.gather(logits, [i]), tf.gather(labels, [i]));
              assertClose(single.dataSync(), [losses.dataSync()[i] as number]);
            }
          }),
        ));

      test(`${name} in ${task}: the gradient is that of finite differences`, () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            const { logits, labels } = example(task, 2);
            const f = (z: tf.Tensor) => lossOf(choice)(z, labels).sum();
            const along = example(task, 3).logits;
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
          const task = choice.name === 'binaryCrossEntropy' ? 'multilabel' : 'segmentation';
          const { logits, labels } = example(task, 4);
          const [last, classes] = [(2 * labels.size) / 3, logits.shape.at(-1) as number];
          const ignored = tf.tensor(
            labels.dataSync().map((label, i) => (i % 3 === 0 || i >= last ? -1 : label)) as Int32Array,
            labels.shape,
            'int32',
          );
          const changed = logits.add(
            tf.less(ignored, 0).toFloat().mul(7).expandDims(-1).mul([1, -2, 3, 0.5].slice(0, classes)),
          );
          const losses = lossOf(choice)(logits, ignored).dataSync();
          assertClose(lossOf(choice)(changed, ignored).dataSync(), losses);
          assert.ok(Math.abs(losses[2] as number) < 1e-6);
          const gradient = tf.grad((z) => lossOf(choice)(z, ignored).sum())(logits);
          const ofIgnored = gradient.mul(tf.less(ignored, 0).toFloat().expandDims(-1));
          assert.equal(ofIgnored.abs().max().dataSync()[0], 0);
        }),
      ));
  }

  test('is found by its name only, and refuses options out of their range', () => {
    const refused: [LossChoice, RegExp][] = [
      [{ name: 'crossEntropy', labelSmoothing: 1 }, /labelSmoothing.*expected a number in \[0, 1\)/],
      [{ name: 'crossEntropy', classWeights: [1, -1] }, /classWeights.*at least 0/],
      [{ name: 'focal', gamma: -1 }, /gamma.*at least 0/],
      [{ name: 'binaryCrossEntropy', positiveWeights: [1, -1] }, /positiveWeights.*at least 0/],
      [{ name: 'boundary', share: 2 }, /share.*in \[0, 1\]/],
      [{ name: 'tversky', beta: -1 }, /beta.*at least 0/],
      [{ name: 'dice', smooth: 0 }, /smooth.*more than 0/],
      [{ name: 'dice', ignoreLabel: 0.5 }, /ignoreLabel.*a whole number/],
      [{ name: 'dice', gamma: 2 } as unknown as LossChoice, /dice has no option "gamma"/],
    ];
    for (const [choice, message] of refused) assert.throws(() => lossOf(choice), message);
    const two = lossOf({ name: 'focal', classWeights: [1, 2] });
    tf.tidy(() => {
      assert.throws(() => two(tf.zeros([1, 3]), tf.zeros([1], 'int32')), /each of the 3 classes, received 2/);
    });

    assert.throws(
      () => lossOf('crossentropy' as LossName),
      /There is no loss "crossentropy". Choose one of: binaryCrossEntropy, boundary, crossEntropy,/,
    );
  });
});

test('binary cross-entropy is that of a sigmoid, by hand, and with its weights', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const z = [2, -1, 0.5, 3];
      const logits = tf.tensor3d(
        z.flatMap((value) => [0, value]),
        [1, 4, 2],
      );
      const labels = tf.tensor2d([1, 1, 0, -1], [1, 4], 'int32');
      const p = z.map((value) => 1 / (1 + Math.exp(-value))) as [number, number, number, number];
      const terms = [-Math.log(p[0]), -Math.log(p[1]), -Math.log(1 - p[2])] as [number, number, number];
      const mean = (terms[0] + terms[1] + terms[2]) / 3;
      assertClose(lossOf('binaryCrossEntropy')(logits, labels).dataSync(), [mean]);
      assertClose(lossOf('crossEntropy')(logits, labels).dataSync(), [mean]);
      const weighted = lossOf({ name: 'binaryCrossEntropy', positiveWeights: [2, 5, 7, 1] });
      assertClose(weighted(logits, labels).dataSync(), [(2 * terms[0] + 5 * terms[1] + terms[2]) / 3]);
      assert.throws(
        () => weighted(tf.zeros([1, 3, 2]), tf.zeros([1, 3], 'int32')),
        /each of the 3 labels, received 4/,
      );
      assert.throws(
        () => weighted(tf.zeros([1, 4]), tf.zeros([1], 'int32')),
        /several labels; use crossEntropy/,
      );
    }),
  ));

interface GoldenCase {
  readonly task: 'classification' | 'segmentation';
  readonly labels: 'y' | 'yi';
  readonly loss: LossName;
  readonly options: object;
  readonly values: number[];
  readonly gradient: number[];
}

interface GoldenLosses {
  readonly tasks: Record<
    GoldenCase['task'],
    { logits: GoldenTensor; labels: Record<GoldenCase['labels'], GoldenTensor>; cotangent: number[] }
  >;
  readonly cases: GoldenCase[];
}

const { tasks, cases } = loadGolden<GoldenLosses>('losses/losses');

for (const engine of engines) {
  describe(`losses are PyTorch's, with their gradients, on ${engine.name}`, () => {
    before(() => engine.use());
    for (const { task, labels, loss: name, options: some, values, gradient } of cases) {
      const of = labels === 'yi' ? ', some labels ignored' : '';
      test(`${name} ${JSON.stringify(some)} in ${task}${of}`, () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            const golden = tasks[task];
            const loss = lossOf({ name, ...some } as LossChoice);
            const actual = toTensor(golden.labels[labels], 'int32');
            const logits = toTensor(golden.logits);
            assertClose(loss(logits, actual).dataSync(), values, { relative: 1e-5, absolute: 1e-6 });
            const slopes = tf.grad((z) => loss(z, actual))(logits, tf.tensor1d(golden.cotangent));
            const error = relativeToMaximum(slopes.dataSync(), gradient);
            assert.ok(error < 1e-5, `the gradient differs by ${error} of its largest element`);
          }),
        ));
    }
  });
}

test('focal loss follows a net that is sure down to the end of float32', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const logits = tf.tensor2d([[30, 0]]);
      const labels = tf.tensor1d([0], 'int32');
      const loss = lossOf({ name: 'focal', gamma: 1 });
      const wrong = Math.exp(-30) / (1 + Math.exp(-30));
      const slopes = tf
        .grad((z) => loss(z, labels))(logits)
        .dataSync();
      // wrong · (gamma · right · softplus(u) + wrong), where softplus(u) is nearly wrong.
      assertClose(slopes, [-2 * wrong * wrong, 2 * wrong * wrong], { relative: 1e-5, absolute: 0 });
    }),
  ));
