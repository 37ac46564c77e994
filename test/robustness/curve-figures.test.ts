// What stands beside the metric in a curve: sizes, classes, medians, what is unseen.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Attack } from '../../src/attacks/attack.ts';
import { directionOf, follow } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import type { Batch } from '../../src/data/dataset.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { type CurveOptions, robustnessCurves } from '../../src/robustness/curve.ts';
import { type MetricName, metricOf } from '../../src/robustness/metrics/create.ts';
import { perturbationsOf } from '../../src/robustness/perturbation.ts';
import { ssim } from '../../src/robustness/ssim.ts';
import { largestUnseen, UNSEEN_SIMILARITY } from '../../src/robustness/unseen.ts';
import { type GoldenNet, golden, openClassifier, openSegmenter } from '../attacks/golden.ts';
import { assertClose, noTensorLeak } from '../support.ts';

const crossEntropy = lossOf('crossEntropy');

let classifier: GoldenNet;
let segmenter: GoldenNet;
before(async () => {
  await useEngine('auto');
  classifier = openClassifier();
  segmenter = openSegmenter();
});
after(() => {
  classifier.dispose();
  segmenter.dispose();
});

async function* dataOf({ images, labels }: Pick<GoldenNet, 'images' | 'labels'>): AsyncGenerator<Batch> {
  const [own, truth] = [images.clone(), labels.clone()];
  yield { ids: [], images: own, labels: truth, [Symbol.dispose]: () => tf.dispose([own, truth]) };
}

function optionsFor(
  net: Pick<GoldenNet, 'logits'>,
  metric: MetricName,
  attacks: readonly Attack[],
): CurveOptions {
  return {
    net,
    attacks,
    norm: 'linf',
    epsilons: [0.002, 0.008, 0.03],
    metric: { name: metric, metric: metricOf(metric) },
    loss: crossEntropy,
    random: createRandom(1),
  };
}

const attacks = () => [createAttack({ name: 'fgsm' }), createAttack({ name: 'pgd', steps: 4 })];
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('sizes of a perturbation: worked examples, and no change', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const clean = tf.fill([2, 2, 2, 1], 0.5) as tf.Tensor4D;
      const moved = clean.add(tf.tensor4d([0.1, -0.2, 0, 0.2, 0, 0, 0, 0], [2, 2, 2, 1])) as tf.Tensor4D;
      const [changed, same] = perturbationsOf(clean, moved, 'l1');
      // A mean squared change of 0.0225.
      assertClose(
        [changed?.psnr, changed?.l2, changed?.linf, changed?.l1] as number[],
        [16.478175, 0.3, 0.2, 0.5],
      );
      assert.deepEqual(same, { psnr: Number.POSITIVE_INFINITY, l2: 0, linf: 0, l1: 0 });
      assert.equal(perturbationsOf(clean, moved, 'l0')[0]?.l0, 3);
    }),
  ));

for (const [norm, epsilons] of Object.entries({ linf: [0.01, 0.05], l2: [0.2, 1], l1: [5, 40] } as const)) {
  test(`the sizes in a curve are within epsilon in ${norm}, of the images that are hurt`, async () => {
    const options = optionsFor(classifier, 'accuracy', attacks());
    const asked = { ...options, norm: norm as 'linf' | 'l2' | 'l1', epsilons };
    const { curves, worst } = await noTensorLeak(() => robustnessCurves(dataOf(classifier), asked));
    for (const { points } of [...curves, worst]) {
      assert.equal(points[0]?.perturbation, undefined);
      for (const { epsilon, value, perturbation } of points.slice(1)) {
        const hurt = Math.round(8 * ((points[0]?.value as number) - value));
        assert.equal(perturbation?.images ?? 0, hurt);
        if (!perturbation) continue;
        const size = perturbation[norm as 'linf'];
        assert.ok(size > 0 && size <= epsilon * (1 + 1e-5));
        assert.ok(perturbation.psnr > 0 && perturbation.psnr < 100);
      }
    }
    assert.ok(worst.points.at(-1)?.perturbation);
  });
}

describe('class by class', () => {
  test('the accuracies of the true classes, weighted by their images, are the curve', async () => {
    const options = { ...optionsFor(classifier, 'accuracy', attacks()), classes: ['a', 'b', 'c', 'd'] };
    const { curves, worst } = await noTensorLeak(() => robustnessCurves(dataOf(classifier), options));
    const labels = Array.from(classifier.labels.dataSync());
    for (const { classes = [], points } of [...curves, worst]) {
      assert.deepEqual(
        classes.map((one) => [one.class, one.images]),
        ['a', 'b', 'c', 'd']
          .map((name, k) => [name, labels.filter((label) => label === k).length] as const)
          .filter(([, count]) => count > 0),
      );
      for (const [i, { value }] of points.entries()) {
        const sum = classes.reduce((total, { images, values }) => total + images * (values[i] as number), 0);
        assertClose([sum / 8], [value]);
      }
    }
  });

  test('Dice of each foreground class is that of MONAI, without the images that lack it', async () => {
    const { dice } = golden<{ dice: Record<string, number[][]> }>('metrics');
    const expected = dice['per_sample_per_class (MONAI DiceMetric include_background)'] as number[][];
    const rows = tf.tidy(() =>
      metricOf('dice').perClass?.(segmenter.logits(segmenter.images), segmenter.labels),
    );
    for (const [i, row] of (rows ?? []).entries()) {
      assert.ok(Number.isNaN(row[0]), 'the background is left out');
      assertClose(row.slice(1), (expected[i] as number[]).slice(1), { absolute: 1e-6, relative: 0 });
    }
    const { worst } = await noTensorLeak(() =>
      robustnessCurves(dataOf(segmenter), optionsFor(segmenter, 'dice', attacks())),
    );
    assert.equal(worst.median, undefined, 'a Dice is not all or nothing');
    assert.deepEqual(
      worst.classes?.map((one) => [one.class, one.images]),
      [
        ['1', 8],
        ['2', 8],
      ],
    );
    for (const [k, { values }] of (worst.classes ?? []).entries()) {
      assertClose([values[0] as number], [mean(expected.map((row) => row[k + 1] as number))]);
      assert.ok((values.at(-1) as number) < (values[0] as number));
    }
  });

  test('a class that the label lacks has no score, predicted or not; one that is missed has 0', () =>
    tf.tidy(() => {
      const logits = tf.oneHot(tf.tensor3d([0, 1, 1, 2], [1, 2, 2], 'int32'), 4).toFloat();
      const labels = tf.tensor3d([0, 1, 3, -1], [1, 2, 2], 'int32');
      const [none, half] = [Number.NaN, 2 / 3];
      const rowOf = (name: MetricName, values = logits) =>
        Array.from(metricOf(name).perClass?.(values, labels)[0] as Float32Array, (value) =>
          Number(value.toFixed(6)),
        );
      assert.deepEqual(rowOf('dice'), [none, Number(half.toFixed(6)), none, 0]);
      assert.deepEqual(rowOf('iou'), [none, 0.5, none, 0]);
      assert.deepEqual(rowOf('pixelAccuracy'), [1, 1, none, 0]);
      assert.deepEqual(rowOf('dice', logits.mul(Number.NaN)), [none, 0, none, 0]);
    }));
});

describe('the epsilon that fools the net on half of the images', () => {
  const medianBy = async (attack: Attack, epsilons: number[]) => {
    const options = { ...optionsFor(classifier, 'accuracy', [attack]), epsilons };
    return (await robustnessCurves(dataOf(classifier), options)).curves[0]?.median;
  };

  test('is one of the curve, the first at which half are fooled; null where none is', async () => {
    const fgsm = createAttack({ name: 'fgsm' });
    const options = optionsFor(classifier, 'accuracy', [fgsm]);
    const { curves } = await robustnessCurves(dataOf(classifier), options);
    const expected = curves[0]?.points.find(({ value }) => value <= 0.5)?.epsilon;
    assert.ok(expected && expected > 0);
    assert.equal(curves[0]?.median, expected);
    assert.equal(await medianBy(fgsm, [0.0001]), null);
  });

  test('is exact for a minimal attack, beyond the epsilons of the curve, too', async () => {
    // The linf distances of Foolbox's DeepFool; the last image is wrong, clean.
    const distances = [0.001297, 0.007671, 0.007109, 0.006362, 0.013024, 0.00453, 0.0096, 0];
    const median = distances.sort((a, b) => a - b)[3] as number;
    const deepFool = createAttack({ name: 'deepFool' });
    for (const epsilons of [[0.02], [0.0001]]) {
      assertClose([(await medianBy(deepFool, epsilons)) as number], [median], { relative: 0.02 });
    }
  });
});

describe('the largest epsilon that is not seen', () => {
  const unseenOf = async (attack: Attack, epsilons: number[], quantise?: 8) =>
    (
      await noTensorLeak(() =>
        largestUnseen(dataOf(classifier), [attack], {
          ...optionsFor(classifier, 'accuracy', []),
          epsilons,
          quantise,
        }),
      )
    )[0];

  test('of fgsm, which the similarities on both sides of it bear out', async () => {
    const fgsm = createAttack({ name: 'fgsm' });
    const unseen = await unseenOf(fgsm, [0.1, 0.5]);
    assert.ok(unseen && unseen.epsilon > 0.001 && unseen.epsilon < 0.4);
    assert.equal(unseen.images, 7);
    tf.tidy(() => {
      const target = { logits: classifier.logits, labels: classifier.labels, loss: crossEntropy };
      const [images, log] = [classifier.images, gradientLog()];
      const direction = directionOf(fgsm, images, target, 'linf', createRandom(1), log);
      const at = (epsilon: number) =>
        mean(Array.from(ssim(images, follow(direction, images, { norm: 'linf', epsilon }))).slice(0, 7));
      assertClose([unseen.ssim], [at(unseen.epsilon)], { absolute: 1e-4 });
      assert.ok(unseen.ssim >= UNSEEN_SIMILARITY && at(unseen.epsilon + 0.0006) < UNSEEN_SIMILARITY);
    });
  });

  test('is the largest of all where nothing is seen, and 0 where everything is', async () => {
    const still: Attack = { name: 'still', options: {}, perturb: (images) => images.clone() };
    const all = await unseenOf(still, [0.1]);
    assertClose([all?.epsilon, all?.ssim, all?.images] as number[], [0.1, 1, 7]);
    let runs = 0;
    const loud: Attack = {
      name: 'loud',
      options: {},
      perturb(images) {
        runs++;
        return tf.sub(1, images);
      },
    };
    const { epsilon } = (await unseenOf(loud, [1])) ?? {};
    assert.ok(epsilon !== undefined && epsilon < 0.2);
    assert.equal(runs, 7, 'an iterative attack runs seven times');
  });
});
