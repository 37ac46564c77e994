// What must hold of every corruption, so that a new one is tested by being registered.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../../src/engine/engine.ts';
import { createRandom } from '../../../src/random.ts';
import {
  type CorruptionName,
  corrupt,
  corruptionOf,
  prepared,
  stacked,
} from '../../../src/robustness/corruptions/corrupt.ts';
import type { Picture } from '../../../src/robustness/corruptions/corruption.ts';
import * as registry from '../../../src/robustness/corruptions/registry.ts';
import { ssim } from '../../../src/robustness/ssim.ts';
import { noTensorLeak } from '../../support.ts';
import { meanSquaredError, scene } from './scenes.ts';

before(() => useEngine('auto'));

const names = Object.keys(registry) as CorruptionName[];

async function severities(name: CorruptionName, picture: Picture, id: string): Promise<Float32Array[]> {
  const at = prepared(name, picture, createRandom(5).stream(`${name}/${id}`));
  const { amounts } = corruptionOf(name);
  const results: Float32Array[] = [];
  for (const amount of amounts) results.push(await at(amount));
  return results;
}

for (const name of names) {
  describe(name, () => {
    for (const shape of [
      [24, 24, 1],
      [24, 24, 3],
      [17, 30, 3],
      [16, 20, 2],
    ] as const) {
      test(`${shape}: in [0, 1], the same for the same random, more of the same at each severity`, async () => {
        const errors = [0, 0, 0, 0, 0];
        for (let i = 0; i < 6; i++) {
          const picture = scene(shape, i);
          const before = picture.pixels.slice();
          const results = await severities(name, picture, `${i}`);
          assert.deepEqual(picture.pixels, before, 'the clean image is left alone');
          assert.deepEqual(await severities(name, picture, `${i}`), results);
          for (const [severity, pixels] of results.entries()) {
            assert.equal(pixels.length, picture.pixels.length);
            assert.ok(pixels.every((value) => value >= 0 && value <= 1));
            errors[severity] = (errors[severity] as number) + meanSquaredError(pixels, picture.pixels);
          }
        }
        assert.ok((errors[4] as number) > 0, 'it does something');
        for (const [i, error] of errors.entries())
          assert.ok(i === 0 || error >= (errors[i - 1] as number), `${errors}`);
      });
    }

    test('structural similarity falls with severity', () =>
      noTensorLeak(async () => {
        const pictures = Array.from({ length: 6 }, (_, i) => scene([32, 32, 3], i));
        const images = stacked(
          pictures.map(({ pixels }) => pixels),
          [6, 32, 32, 3],
        );
        const ids = pictures.map((_, i) => `${i}`);
        const means: number[] = [];
        for await (const at of corrupt(name, { ids, images }, createRandom(1))) {
          means.push(ssim(images, at.images).reduce((sum, value) => sum + value, 0) / 6);
          at.images.dispose();
        }
        images.dispose();
        assert.equal(means.length, 5);
        assert.ok(
          (means[0] as number) < 1 && means.every((value, i) => i === 0 || value <= (means[i - 1] as number)),
          `${means}`,
        );
      }));

    test('black, grey and white images give images', async () => {
      for (const value of [0, 0.5, 1]) {
        for (const shape of [
          [8, 8, 1],
          [1, 1, 1],
          [5, 3, 3],
        ] as const) {
          const pixels = new Float32Array(shape[0] * shape[1] * shape[2]).fill(value);
          for (const result of await severities(name, { pixels, shape }, 'constant')) {
            assert.ok(result.every((corrupted) => corrupted >= 0 && corrupted <= 1));
          }
        }
      }
    });

    test('an image is corrupted the same in any batch', () =>
      noTensorLeak(async () => {
        const pictures = Array.from({ length: 3 }, (_, i) => scene([12, 12, 3], i));
        const of = async (chosen: readonly number[]) => {
          const images = stacked(
            chosen.map((i) => (pictures[i] as Picture).pixels),
            [chosen.length, 12, 12, 3],
          );
          const results: Float32Array[] = [];
          for await (const at of corrupt(
            name,
            { ids: chosen.map((i) => `image-${i}`), images },
            createRandom(2),
          )) {
            const last = at.images.slice([chosen.length - 1], [1]);
            results.push(Float32Array.from(last.dataSync()));
            tf.dispose([last, at.images]);
          }
          images.dispose();
          return results;
        };
        assert.deepEqual(await of([0, 1, 2]), await of([2]));
      }));
  });
}

test('random choices differ from image to image', async () => {
  const picture = scene([16, 16, 1], 0);
  for (const name of ['gaussianNoise', 'ghosting', 'motion', 'occlusion', 'biasField'] as const) {
    const [one, other] = [await severities(name, picture, 'one'), await severities(name, picture, 'other')];
    assert.notDeepEqual(one, other, name);
  }
});
