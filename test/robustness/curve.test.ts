import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Attack } from '../../src/attacks/attack.ts';
import { craft } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import type { Batch } from '../../src/data/dataset.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { areaUnder, type CurveOptions, robustnessCurves } from '../../src/robustness/curve.ts';
import { type MetricName, metricOf } from '../../src/robustness/metrics/create.ts';
import { ssim } from '../../src/robustness/ssim.ts';
import { type GoldenNet, golden, openClassifier, openSegmenter } from '../attacks/golden.ts';
import { quickAttacks } from '../attacks/quick.ts';
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

async function* batchesOf(images: tf.Tensor4D, labels: tf.Tensor, size: number): AsyncGenerator<Batch> {
  for (let from = 0; from < images.shape[0]; from += size) {
    const length = Math.min(size, images.shape[0] - from);
    const slices = { images: images.slice(from, length), labels: labels.slice(from, length) };
    yield {
      ids: Array.from({ length }, (_, i) => `${from + i}`),
      ...slices,
      [Symbol.dispose]: () => tf.dispose([slices.images, slices.labels]),
    };
  }
}

type Asked = Omit<Partial<CurveOptions>, 'metric' | 'attacks'> & {
  metric?: MetricName;
  attacks?: Attack[];
  size?: number;
};

function measure(
  net: Pick<GoldenNet, 'images' | 'labels' | 'logits'>,
  { metric = 'accuracy', size = 8, ...rest }: Asked,
) {
  const { norm = 'linf' } = rest;
  return noTensorLeak(() =>
    robustnessCurves(batchesOf(net.images, net.labels, size), {
      net,
      attacks: quickAttacks(norm, net.labels.rank === 1 ? 'classification' : 'segmentation'),
      norm,
      epsilons: [0.002, 0.008, 0.03],
      loss: crossEntropy,
      random: createRandom(1),
      ...rest,
      metric: { name: metric, metric: metricOf(metric) },
    }),
  );
}

const tallied = (net: GoldenNet, name: MetricName) =>
  tf.tidy(() => {
    const tally = metricOf(name).tally();
    tally.add(net.logits(net.images), net.labels);
    return tally.value();
  });

describe('against the curves of a reference implementation', () => {
  const stored = golden<Record<string, { eps: number[]; accuracy: number[] }>>('curves');
  const attacks = {
    'FGSM Linf (foolbox)': createAttack({ name: 'fgsm' }),
    'PGD-40 Linf rel_stepsize 0.1 no random start (foolbox)': createAttack({
      name: 'pgd',
      steps: 40,
      stepSize: 0.1,
      randomStart: false,
    }),
  };
  for (const [name, attack] of Object.entries(attacks)) {
    // The fast one shows that batches decide nothing.
    for (const size of attack.name === 'fgsm' ? [8, 3] : [8]) {
      test(`${name}, in batches of ${size}`, async () => {
        const { eps: epsilons, accuracy } = stored[name] as { eps: number[]; accuracy: number[] };
        const { curves, worst } = await measure(classifier, { attacks: [attack], epsilons, size });
        const values = curves[0]?.points.map(({ value }) => value) ?? [];
        assert.deepEqual(values, accuracy);
        assert.deepEqual(worst.points, curves[0]?.points);
        assert.deepEqual(curves[0]?.flags, []);
      });
    }
  }
});

describe('curves of every attack', () => {
  const tasks = {
    accuracy: () => classifier,
    dice: () => segmenter,
    iou: () => segmenter,
    pixelAccuracy: () => segmenter,
  };
  for (const [metric, net] of Object.entries(tasks) as [keyof typeof tasks, () => GoldenNet][]) {
    for (const norm of ['linf', 'l2', 'l1'] as const) {
      test(`${metric} in ${norm}: begins at the clean metric, never rises, holds its interval`, async () => {
        const epsilons = { linf: [0.08, 0.02, 0.08], l2: [2, 0.2], l1: [60, 5] }[norm];
        const { curves, worst } = await measure(net(), { metric, norm, epsilons, size: 3 });
        for (const curve of [...curves, worst]) {
          assert.deepEqual(
            curve.points.map(({ epsilon }) => epsilon),
            [...new Set([0, ...epsilons])].sort((a, b) => a - b),
          );
          assert.equal(curve.images, 8);
          assertClose(
            [curve.points[0]?.value as number, curve.raw[0] as number],
            [tallied(net(), metric), tallied(net(), metric)],
          );
          assert.equal(curve.points[0]?.ssim, 1);
          for (const [i, { value, low, high, ssim }] of curve.points.entries()) {
            const before = curve.points[i - 1];
            assert.ok(!before || value <= before.value + 1e-9);
            assert.ok(low <= value && value <= high, `${low} ${value} ${high}`);
            assert.ok((curve.raw[i] as number) >= value - 1e-6, 'raw is not below the envelope');
            assert.ok(ssim <= 1 && ssim > 0);
          }
          const other = curves.flatMap(({ points }) => points.map(({ value }) => value));
          if (curve === worst) assert.ok((curve.points.at(-1)?.value as number) <= Math.min(...other) + 1e-9);
        }
        const last = (attack: string) =>
          curves.find((curve) => curve.attack === attack)?.points.at(-1)?.value as number;
        assert.ok(last('pgd') < 0.75 * tallied(net(), metric), 'an undefended net falls');
        assert.ok(last('pgd') < last('gaussianNoise'));
      });
    }
  }

  test('the same random gives the same curves, another one others', async () => {
    const attacks = [createAttack({ name: 'gaussianNoise' }), createAttack({ name: 'pgd', steps: 2 })];
    const points = async (seed: number) => {
      const { curves } = await measure(segmenter, {
        metric: 'dice',
        epsilons: [0.03],
        random: createRandom(seed),
        attacks,
      });
      return curves.map((curve) => curve.points);
    };
    assert.deepEqual(await points(1), await points(1));
    assert.notDeepEqual(await points(1), await points(2));
  });
});

test('one gradient serves all epsilons of a single-step attack, and iterative ones work on survivors only', async () => {
  const epsilons = [0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.03, 0.05];
  const attacks = (['fgsm', 'gaussianNoise', 'pgd'] as const).map((name) => createAttack({ name }));
  const { curves } = await measure(classifier, { epsilons, attacks });
  const [fgsm, noise, pgd] = curves;
  // Seven of the eight images are right when clean.
  assert.deepEqual([fgsm?.cost.gradients, fgsm?.cost.forwards], [7, 7 + 10 * 7]);
  assert.deepEqual([noise?.cost.gradients, noise?.cost.forwards], [0, 10 * 7]);
  const [spent, naive] = [pgd?.cost.gradients as number, 10 * 7 * 10];
  assert.ok(spent < naive / 2, `${spent} of ${naive} gradients`);
});

test('a minimal attack runs once for all epsilons: its curve is the distribution of the distances', async () => {
  const attacks = [createAttack({ name: 'deepFool' })];
  const epsilons = [0.001, 0.004, 0.006, 0.0068, 0.008, 0.015];
  const { curves } = await measure(classifier, { attacks, epsilons });
  const { curves: single } = await measure(classifier, { attacks, epsilons: [0.015] });
  assert.equal(curves[0]?.cost.gradients, single[0]?.cost.gradients);
  // The linf distances of Foolbox's DeepFool; the last image is wrong, clean.
  const distances = [0.001297, 0.007671, 0.007109, 0.006362, 0.013024, 0.00453, 0.0096, 0];
  for (const { epsilon, value } of curves[0]?.points ?? []) {
    // A projection may fool where the image found is a little too far.
    const standing = distances.filter((distance) => distance > epsilon).length / 8;
    assert.ok(value <= standing && value >= standing - 1 / 8, `${value} for ${standing} at ${epsilon}`);
  }
  assert.deepEqual(curves[0]?.flags, []);
});

/** Images of one pixel and two classes; right (label 0) where `response` is negative. */
function onePixelNet(values: number[], response: (pixels: tf.Tensor) => tf.Tensor) {
  return {
    images: tf.tensor4d(values, [values.length, 1, 1, 1]),
    labels: tf.zeros([values.length], 'int32') as tf.Tensor,
    logits(images: tf.Tensor4D) {
      const pixels = images.reshape([-1]);
      return tf.stack([tf.zerosLike(pixels), response(pixels)], 1);
    },
  };
}

test('a raw curve that rises is kept and flagged, while the curve stays down', async () => {
  // Wrong only near 0.6: a step of 0.1 gets there, one of 0.3 goes past it.
  const net = onePixelNet([0.5, 0.5, 0.5, 0.5], (pixels) => tf.sub(0.05, pixels.sub(0.6).abs()));
  const { curves } = await measure(net, { attacks: [createAttack({ name: 'fgsm' })], epsilons: [0.1, 0.3] });
  assert.deepEqual(
    curves[0]?.points.map(({ value }) => value),
    [1, 0, 0],
  );
  assert.deepEqual(curves[0]?.raw, [1, 0, 1]);
  assert.match(curves[0]?.flags[0] as string, /^raw-rises: accuracy is 100 points higher at epsilon 0.3/);
  tf.dispose([net.images, net.labels]);
});

test('an iterative attack is made afresh for all images at the last epsilon', async () => {
  const net = onePixelNet([0.5, 0.5], (pixels) => tf.sub(0.05, pixels.sub(0.6).abs()));
  const oneStep = createAttack({ name: 'pgd', steps: 1, stepSize: 1, randomStart: false });
  const { curves } = await measure(net, { attacks: [oneStep], epsilons: [0.1, 0.2, 0.3] });
  assert.deepEqual(
    curves[0]?.points.map(({ value }) => value),
    [1, 0, 0, 0],
  );
  assert.deepEqual(curves[0]?.raw, [1, 0, 0, 1]);
  tf.dispose([net.images, net.labels]);
});

test('the worst case is per image, not per attack', async () => {
  const net = onePixelNet([0.4, 0.4], (pixels) => pixels.sub(0.5));
  /** Fools one of the two images. */
  const fools = (image: number): Attack => ({
    name: `image-${image}`,
    options: {},
    perturb: (images) =>
      images.add(
        tf.tensor4d(
          [0, 1].map((i) => (i === image ? 1 : 0)),
          [2, 1, 1, 1],
        ),
      ),
  });
  const { curves, worst } = await measure(net, { attacks: [fools(0), fools(1)], epsilons: [0.2] });
  assert.deepEqual(
    curves.map(({ points }) => points[1]?.value),
    [0.5, 0.5],
  );
  assert.equal(worst.points[1]?.value, 0);
  assert.equal(worst.attack, 'worst');
  tf.dispose([net.images, net.labels]);
});

for (const metric of ['accuracy', 'dice'] as const) {
  test(`${metric}: the order of the attacks decides nothing of the worst case`, async () => {
    const net = metric === 'dice' ? segmenter : classifier;
    const attacks = (['fgsm', 'gaussianNoise', 'pgd'] as const).map((name) => createAttack({ name }));
    const worstOf = async (order: Attack[]) => (await measure(net, { metric, attacks: order })).worst;
    const [one, other] = [await worstOf(attacks), await worstOf(attacks.toReversed())];
    assert.deepEqual(one.points, other.points);
    assert.deepEqual(one.classes, other.classes);
  });
}

test('the similarity of a point is that of the images that are hurt, whatever happens to others', async () => {
  const net = onePixelNet([0.45, 0.1, 0.6], (pixels) => pixels.sub(0.5));
  const louder: Attack = { name: 'louder', options: {}, perturb: (images) => images.add(1) };
  const { curves } = await measure(net, { attacks: [louder], epsilons: [0.01, 0.1] });
  const [clean, vain, half] = curves[0]?.points ?? [];
  assert.deepEqual([clean?.ssim, vain?.ssim, vain?.value, half?.value], [1, 1, 2 / 3, 1 / 3]);
  const moved = tf.tidy(() => ssim(net.images, net.images.add(0.1) as tf.Tensor4D));
  assertClose([half?.ssim as number], [moved[0] as number]);
  assert.ok((moved[0] as number) < 0.99 && (moved[1] as number) < (moved[0] as number));
  tf.dispose([net.images, net.labels]);
});

test('the curve of a universal perturbation is of one at a time, and the worst case still of each image', async () => {
  // No shift of 0.2 takes both kinds across 0.5.
  const net = onePixelNet([], (pixels) => pixels.sub(0.5).mul(40));
  const images = tf.tensor4d([0.46, 0.46, 0.46, 0.56, 0.56], [5, 1, 1, 1]);
  const truths = tf.tensor1d([0, 0, 0, 1, 1], 'int32');
  const both = { ...net, images, labels: truths };
  const attacks = [createAttack({ name: 'universal' })];
  const { curves, worst } = await measure(both, { attacks, epsilons: [0.05, 0.1, 0.2] });
  for (const { value } of curves[0]?.points ?? []) assert.ok(value >= 2 / 5 - 1e-9, `${value}`);
  assert.ok((curves[0]?.points.at(-1)?.value as number) < 0.5);
  assert.deepEqual(curves[0]?.flags, []);
  for (const { value, perturbation } of curves[0]?.points ?? [])
    assert.equal(perturbation?.images ?? 0, Math.round(5 * (1 - value)), 'of the images hurt alone');
  for (const [i, { value }] of worst.points.entries())
    assert.ok(value <= (worst.points[i - 1]?.value ?? 1) && value <= (curves[0]?.points[i]?.value ?? 1));
  tf.dispose([net.images, net.labels, images, truths]);
});

test('in l1 a single step of a curve is the one that craft makes', async () => {
  const attack = createAttack({ name: 'fgsm' });
  const epsilons = [5, 40];
  const { curves } = await measure(classifier, { attacks: [attack], norm: 'l1', epsilons });
  tf.tidy(() => {
    const score = metricOf('accuracy').perImage as NonNullable<ReturnType<typeof metricOf>['perImage']>;
    const { logits, labels, images } = classifier;
    for (const [i, epsilon] of epsilons.entries()) {
      const under = { logits, labels, loss: crossEntropy, score };
      const moved = craft(attack, images, under, { norm: 'l1', epsilon }, createRandom(1));
      const clean = score(logits(images), labels);
      const made = score(logits(moved), labels).map((value, image) => value * (clean[image] as number));
      assertClose([curves[0]?.raw[i + 1] as number], [made.reduce((sum, value) => sum + value, 0) / 8]);
    }
  });
});

test('further restarts of fab begin elsewhere, in a curve too, where nothing is found yet', async () => {
  const flat = onePixelNet([0.4, 0.45], (pixels) => pixels.mul(0.01).sub(60));
  const seen = new Set<number>();
  const net = {
    ...flat,
    logits(images: tf.Tensor4D) {
      for (const value of images.dataSync()) seen.add(value);
      return flat.logits(images);
    },
  };
  const visited = async (restarts: number) => {
    seen.clear();
    const attacks = [createAttack({ name: 'fab', steps: 2, restarts })];
    await measure(net, { attacks, epsilons: [0.3] });
    return seen.size;
  };
  assert.ok((await visited(3)) >= (await visited(1)) + 4);
  tf.dispose([flat.images, flat.labels]);
});

test('gradients that are 0 or broken raise flags, and do not end the measurement', async () => {
  const dead = onePixelNet([0.4, 0.4], (pixels) => pixels.sub(5).relu().sub(1));
  const broken = onePixelNet([0.4, 0.4], (pixels) => pixels.sub(0.4).abs().sqrt().sub(1));
  for (const [net, flag] of [
    [dead, 'zero-gradients: 100 %'],
    [broken, 'broken-gradients: 100 %'],
  ] as const) {
    const { curves } = await measure(net, { attacks: [createAttack({ name: 'fgsm' })], epsilons: [0.1] });
    assert.ok(
      curves[0]?.flags.some((text) => text.startsWith(flag)),
      `${curves[0]?.flags}`,
    );
    assert.equal(curves[0]?.points[1]?.value, 1);
  }
  tf.dispose([dead.images, dead.labels, broken.images, broken.labels]);
});

test('refuses what has no curve', async () => {
  await assert.rejects(measure(classifier, { metric: 'auroc' }), /auroc has no robustness curve/);
  await assert.rejects(measure(classifier, { metric: 'dice' }), /dice is for segmentation/);
  await assert.rejects(measure(segmenter, { metric: 'accuracy' }), /accuracy is for classification/);
  await assert.rejects(measure(classifier, { attacks: [] }), /at least one attack/);
  await assert.rejects(measure(classifier, { epsilons: [-0.1] }), UsageError);
  await assert.rejects(measure(classifier, { epsilons: [Number.NaN] }), UsageError);
  await assert.rejects(
    measure(classifier, { epsilons: [8] }),
    /Epsilon in linf: expected a number from 0 to 1/,
  );
  const none = tf.zeros([0, 16, 16, 3]) as tf.Tensor4D;
  await assert.rejects(measure({ ...classifier, images: none }, {}), /at least one image/);
  none.dispose();
});

test('the area is the mean height of the curve', () => {
  const curve = (...points: [number, number][]) => ({
    points: points.map(([epsilon, value]) => ({ epsilon, value, low: 0, high: 1, ssim: 1 })),
  });
  assert.equal(areaUnder(curve([0, 0.8], [0.5, 0.8])), 0.8);
  assertClose([areaUnder(curve([0, 1], [0.1, 0.5], [0.4, 0]))], [(0.1 * 0.75 + 0.3 * 0.25) / 0.4]);
  assert.equal(areaUnder(curve([0, 0.7])), 0.7);
});
