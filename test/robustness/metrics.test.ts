import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/random.ts';
import { areaUnderRoc } from '../../src/robustness/metrics/auroc.ts';
import { type MetricName, metricOf } from '../../src/robustness/metrics/create.ts';
import * as registry from '../../src/robustness/metrics/registry.ts';
import { golden, openSegmenter } from '../attacks/golden.ts';
import { assertClose, noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

function tallied(name: MetricName, ...batches: [logits: tf.Tensor, labels: tf.Tensor][]): number {
  const tally = metricOf(name).tally();
  for (const [logits, labels] of batches) tally.add(logits, labels);
  return tally.value();
}

/** Logits that predict these classes. */
const predicting = (classes: number[], count: number) =>
  tf.oneHot(tf.tensor1d(classes, 'int32'), count).toFloat();

/** One row of pixels an image. */
function maps(rows: number[][], classes = 3): [logits: (rows: number[][]) => tf.Tensor, labels: tf.Tensor] {
  const width = rows[0]?.length as number;
  return [
    (predicted) => predicting(predicted.flat(), classes).reshape([predicted.length, 1, width, classes]),
    tf.tensor3d(rows.flat(), [rows.length, 1, width], 'int32'),
  ];
}

test('Dice is that of MONAI, averaged over the foreground classes', () =>
  noTensorLeak(() => {
    const { dice } = golden<{ dice: Record<string, number[][]> }>('metrics');
    const perClass = dice['per_sample_per_class (MONAI DiceMetric include_background)'] as number[][];
    const net = openSegmenter();
    tf.tidy(() => {
      const scores = metricOf('dice').perImage?.(net.logits(net.images), net.labels) as Float32Array;
      // 1e-6 is the tolerance of the fixtures.
      assertClose(
        scores,
        perClass.map(([, a, b]) => ((a as number) + (b as number)) / 2),
        { absolute: 1e-6, relative: 0 },
      );
    });
    net.dispose();
  }));

test('Dice and IoU: worked examples', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const [logits, labels] = maps([
        [0, 1, 1, 2],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
        [1, 1, 0, 0],
        [1, -1, -1, 0],
      ]);
      const predicted = logits([
        [1, 1, 0, 2],
        [0, 0, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 0],
        [1, 2, 1, 0],
      ]);
      assertClose(metricOf('dice').perImage?.(predicted, labels) as Float32Array, [
        (0.5 + 1) / 2,
        1,
        0,
        0,
        1,
      ]);
      assertClose(metricOf('iou').perImage?.(predicted, labels) as Float32Array, [
        (1 / 3 + 1) / 2,
        1,
        0,
        0,
        1,
      ]);
      assertClose(
        metricOf('pixelAccuracy').perImage?.(predicted, labels) as Float32Array,
        [0.5, 1, 0.75, 0.5, 1],
      );
    }),
  ));

describe('AUROC', () => {
  /** The share of pairs (one of the class, one not) in which the first scores higher; a tie is one half. */
  function byPairs(scores: number[], positive: boolean[]): number {
    let [won, pairs] = [0, 0];
    for (const [i, a] of scores.entries()) {
      for (const [j, b] of scores.entries()) {
        if (!positive[i] || positive[j]) continue;
        pairs++;
        won += a > b ? 1 : a === b ? 0.5 : 0;
      }
    }
    return won / pairs;
  }

  test('of two classes is the share of pairs in order, ties one half', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        const random = createRandom(5);
        // Few different values, so that ties abound.
        const scores = Array.from({ length: 60 }, () => random.integer(7) - 3);
        const labels = scores.map((score) => (score + 4 * random.normal() > 0 ? 1 : 0));
        const logits = tf.tensor2d(scores.map((score) => [0, score]));
        const expected = byPairs(
          scores,
          labels.map((label) => label === 1),
        );
        assertClose([tallied('auroc', [logits, tf.tensor1d(labels, 'int32')])], [expected]);
      }),
    ));

  test('of more classes is the mean over those that occur, each against the rest by its probability', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        const random = createRandom(6);
        const rows = Array.from({ length: 40 }, () => Array.from(random.normals(4, 0, 2)));
        const labels = rows.map(() => random.integer(3));
        const probabilities = tf.softmax(tf.tensor2d(rows)).arraySync() as number[][];
        const areas = [0, 1, 2].map((k) =>
          byPairs(
            probabilities.map((row) => row[k] as number),
            labels.map((y) => y === k),
          ),
        );
        const expected = areas.reduce((a, b) => a + b) / 3;
        assertClose([tallied('auroc', [tf.tensor2d(rows), tf.tensor1d(labels, 'int32')])], [expected]);
      }),
    ));

  test('does not tie where probabilities round to 1', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        const logits = tf.tensor2d([
          [0, 50],
          [0, 60],
          [0, 70],
        ]);
        assert.equal(tallied('auroc', [logits, tf.tensor1d([0, 1, 1], 'int32')]), 1);
      }),
    ));

  test('is NaN while one class alone has been seen', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        assert.ok(Number.isNaN(tallied('auroc', [tf.ones([2, 2]), tf.tensor1d([1, 1], 'int32')])));
        assert.ok(Number.isNaN(tallied('auroc')));
      }),
    ));

  test('is NaN where scores are, and orders infinite ones as it does others', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        const { NaN: none, POSITIVE_INFINITY: high, NEGATIVE_INFINITY: low } = Number;
        for (const scores of [[none], [0, none, 1], [none, none, 0]])
          assert.ok(Number.isNaN(areaUnderRoc(scores, [true, false, true])), `${scores}`);
        assert.equal(areaUnderRoc([low, 0, high, high], [false, false, true, true]), 1);
        assert.equal(areaUnderRoc([high, high, low, low], [true, false, true, false]), 0.5);
        const area = (...rows: [number, number][]) =>
          tallied('auroc', [tf.tensor2d(rows), tf.tensor1d([1, 0, 1], 'int32')]);
        assert.equal(area([0, high], [2, 1], [1, 3]), 1);
        assert.equal(area([0, low], [2, 1], [1, 3]), 0.5);
        // Infinity less infinity.
        assert.ok(Number.isNaN(area([high, 0], [2, 1], [1, 3])));
        assert.ok(Number.isNaN(area([high, high], [2, 1], [1, 3])));
      }),
    ));
});

describe('several labels', () => {
  /** Logits that find these labels. */
  const finding = (rows: number[][]) =>
    tf.tensor3d(
      rows.flat().flatMap((value) => [0, value]),
      [rows.length, rows[0]?.length as number, 2],
    );
  const known = (rows: number[][]) => tf.tensor2d(rows, undefined, 'int32');

  test('label accuracy and exact match: labels that are not known count nowhere', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        const logits = finding([
          [5, -5, 5],
          [5, 5, 5],
          [-1, 2, 3],
        ]);
        const labels = known([
          [1, 0, -1],
          [1, 0, 0],
          [-1, -1, -1],
        ]);
        const scores = (name: MetricName) => metricOf(name).perImage?.(logits, labels) as Float32Array;
        assertClose(scores('labelAccuracy'), [1, 1 / 3, 1]);
        assertClose(scores('exactMatch'), [1, 0, 1]);
        assert.deepEqual(
          metricOf('labelAccuracy')
            .perClass?.(logits, labels)
            .map((row) => [...row]),
          [
            [1, 1, Number.NaN],
            [1, 0, 0],
            [Number.NaN, Number.NaN, Number.NaN],
          ],
        );
      }),
    ));

  test('AUROC of each label is that of two classes, on the images where it is known; the mean is over those that tell', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        const random = createRandom(12);
        const rows = Array.from({ length: 40 }, () => [0, 1, 2].map(() => random.integer(5) - 2));
        const labels = rows.map(([a = 0, b = 0]) => [
          a + random.normal() > 0 ? 1 : 0,
          random.integer(3) - 1,
          b > 9 ? 1 : 0,
        ]);
        const tally = metricOf('labelAuroc').tally();
        tally.add(finding(rows.slice(0, 15)), known(labels.slice(0, 15)));
        tally.add(finding(rows.slice(15)), known(labels.slice(15)));
        const alone = [0, 1].map((k) => {
          const own = rows.flatMap((row, i) => (labels[i]?.[k] === -1 ? [] : [[0, row[k] as number]]));
          const truths = labels.flatMap((row) => (row[k] === -1 ? [] : [row[k] as number]));
          return tallied('auroc', [tf.tensor2d(own), tf.tensor1d(truths, 'int32')]);
        });
        const [first = 0, second = 0] = alone;
        assertClose((tally.classes?.() ?? []).slice(0, 2), alone);
        assert.ok(Number.isNaN(tally.classes?.()[2]));
        assertClose([tally.value()], [(first + second) / 2]);
      }),
    ));
});

describe('every metric', () => {
  for (const name of Object.keys(registry) as MetricName[]) {
    const { task, perImage, better } = metricOf(name);
    const classes = task === 'multilabel' ? 2 : 3;

    /** 24 images of classes 0, 1, 2, all of them foreground somewhere; or of 16 labels. */
    function example(): { labels: tf.Tensor; logitsFor: (map: (label: number) => number) => tf.Tensor } {
      const random = createRandom(8);
      const shape = { classification: [24], multilabel: [24, 16], segmentation: [24, 4, 4] }[task];
      const values = Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) =>
        i < 16 && classes > 2 ? (i % 2) + 1 : random.integer(classes),
      );
      return {
        labels: tf.tensor(values, shape, 'int32'),
        logitsFor: (map) => predicting(values.map(map), classes).reshape([...shape, classes]),
      };
    }

    test(`${name}: 1 for the right classes, low for wrong ones`, () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const { labels, logitsFor } = example();
          assert.equal(better, 'higher');
          assertClose([tallied(name, [logitsFor((label) => label), labels])], [1]);
          assert.ok(tallied(name, [logitsFor((label) => (label + 1) % classes), labels]) < 0.3);
        }),
      ));

    test(`${name}: does not depend on how images are batched, and is the mean of its scores`, () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const { labels } = example();
          const logits = tf.tensor(createRandom(9).normals(labels.size * classes, 0, 1), [
            ...labels.shape,
            classes,
          ]);
          const whole = tallied(name, [logits, labels]);
          const parts = [0, 10, 20].map((from, i): [tf.Tensor, tf.Tensor] => {
            const length = [10, 10, 4][i] as number;
            return [logits.slice(from, length), labels.slice(from, length)];
          });
          assertClose([tallied(name, ...parts)], [whole]);
          const scores = perImage?.(logits, labels);
          if (scores) assertClose([scores.reduce((a, b) => a + b) / scores.length], [whole]);
        }),
      ));

    test(`${name}: logits that are NaN are never right`, () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const labels = tf.zeros(task === 'classification' ? [3] : [3, 2, 2], 'int32');
          const value = tallied(name, [tf.fill([...labels.shape, 3], Number.NaN), labels]);
          assert.ok(value === 0 || Number.isNaN(value));
        }),
      ));
  }
});

for (const name of ['dice', 'iou', 'pixelAccuracy'] as const) {
  test(`${name}: pixels whose label is no class do not count`, () =>
    tf.tidy(() => {
      const [logits, labels] = maps([[0, 1, 255, 2]]);
      const predicted = logits([[0, 1, 2, 1]]);
      const [, negative] = maps([[0, 1, -1, 2]]);
      const { perImage, perClass } = metricOf(name);
      assert.deepEqual(perImage?.(predicted, labels), perImage?.(predicted, negative));
      assert.deepEqual(perClass?.(predicted, labels), perClass?.(predicted, negative));
    }));
}
