import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { imagesOf, rowsOf } from '../../src/attacks/rows.ts';
import type { Batch } from '../../src/data/dataset.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { robustnessCurves } from '../../src/robustness/curve.ts';
import { keptImages } from '../../src/robustness/kept-images.ts';
import { imageScoreOf } from '../../src/robustness/metric.ts';
import { type MetricName, metricOf } from '../../src/robustness/metrics/create.ts';
import { type GoldenNet, openClassifier, openSegmenter } from '../attacks/golden.ts';
import { quickAttacks } from '../attacks/quick.ts';
import { noTensorLeak } from '../support.ts';

const epsilons = [0.002, 0.008, 0.03];
const SIZE = 4;

let nets: Record<'accuracy' | 'dice', GoldenNet>;
before(async () => {
  await useEngine('auto');
  nets = { accuracy: openClassifier(), dice: openSegmenter() };
});
after(() => {
  for (const net of Object.values(nets)) net.dispose();
});

async function* batchesOf({ images, labels }: Pick<GoldenNet, 'images' | 'labels'>): AsyncGenerator<Batch> {
  for (let from = 0; from < images.shape[0]; from += SIZE) {
    const length = Math.min(SIZE, images.shape[0] - from);
    const slices = { images: images.slice(from, length), labels: labels.slice(from, length) };
    yield {
      ids: Array.from({ length }, (_, i) => `image ${from + i}`),
      ...slices,
      [Symbol.dispose]: () => tf.dispose([slices.images, slices.labels]),
    };
  }
}

function curvesOf(net: GoldenNet, name: MetricName, keep?: ReturnType<typeof keptImages>) {
  return noTensorLeak(() =>
    robustnessCurves(batchesOf(net), {
      net,
      attacks: quickAttacks('linf', name === 'dice' ? 'segmentation' : 'classification'),
      norm: 'linf',
      epsilons,
      loss: lossOf('crossEntropy'),
      random: createRandom(1),
      metric: { name, metric: metricOf(name) },
      keep,
    }),
  );
}

const withoutTimes = (curves: unknown) =>
  JSON.parse(JSON.stringify(curves, (key, value) => (key === 'seconds' ? undefined : value)));

for (const metric of ['accuracy', 'dice'] as const) {
  describe(metric, () => {
    test('what is kept are the images that the curve is of, and keeping changes no curve', async () => {
      const net = nets[metric];
      const count = net.images.shape[0];
      const all = Array.from({ length: count }, (_, i) => `image ${i}`);
      const plain = withoutTimes(await curvesOf(net, metric));
      const score = imageScoreOf({ name: metric, metric: metricOf(metric) });
      const scoresOf = (pixels: readonly Float32Array[]) =>
        tf.tidy(() => [...score(net.logits(imagesOf(pixels, net.images)), net.labels)]);
      const clean = rowsOf(net.images).map((row) => row.slice());
      const right = scoresOf(clean).map((value) => value > 0);
      for (const [i, epsilon] of epsilons.entries()) {
        const keep = keptImages(epsilon, all);
        const { curves } = await curvesOf(net, metric, keep);
        assert.deepEqual(withoutTimes(curves), plain.curves);
        assert.equal(keep.pixels.size, curves.length);
        for (const { attack, points } of curves) {
          const found = keep.pixels.get(attack) as Map<string, Float32Array>;
          assert.deepEqual(
            all.filter((id) => found.has(id)),
            all.filter((_, image) => right[image]),
            `${attack}: every image that is right when clean`,
          );
          const made = all.map((id, image) => found.get(id) ?? (clean[image] as Float32Array));
          for (const [image, row] of made.entries()) {
            const farthest = row.reduce(
              (most, value, k) => Math.max(most, Math.abs(value - (clean[image]?.[k] as number))),
              0,
            );
            assert.ok(farthest <= epsilon * (1 + 1e-5) + 1e-7, `${attack} moves by ${farthest}`);
          }
          const scores = scoresOf(made);
          const mean = scores.reduce((sum, value) => sum + value, 0) / count;
          // An image that hurts less than that of an epsilon before is not that of the curve.
          assert.ok(mean >= (points[i + 1]?.value as number) - 1e-6, `${attack}: ${mean}`);
          if (
            metric === 'accuracy' &&
            plain.curves.every(({ flags }: { flags: string[] }) => flags.length === 0)
          )
            assert.ok(Math.abs(mean - (points[i + 1]?.value as number)) < 1e-6, `${attack}: ${mean}`);
        }
      }
    });

    test('only the images that were asked for are kept', async () => {
      const keep = keptImages(epsilons[1] as number, ['image 1', 'image 6', 'elsewhere']);
      await curvesOf(nets[metric], metric, keep);
      const ids = new Set([...keep.pixels.values()].flatMap((found) => [...found.keys()]));
      assert.ok([...ids].every((id) => ['image 1', 'image 6'].includes(id)));
    });
  });
}
