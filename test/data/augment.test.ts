// What holds for every augmentation. A new one needs its strengths here, and the compiler says so.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AugmentChoice, createAugmenter } from '../../src/data/augment.ts';
import type { Affine } from '../../src/data/augmentations/augmentation.ts';
import { beta } from '../../src/data/augmentations/beta.ts';
import * as registry from '../../src/data/augmentations/registry.ts';
import type { ImageShape, Sample } from '../../src/data/dataset.ts';
import { placesOf, resampleImage, resampleMask } from '../../src/data/resample.ts';
import { UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose } from '../support.ts';
import { says } from './fixtures.ts';

type Strengths = { [Name in keyof typeof registry]: { readonly none: object; readonly strong: object } };

/** Options that change nothing, and some that change much. */
const strengths: Strengths = {
  colourJitter: {
    none: { brightness: 0, contrast: 0, saturation: 0, hue: 0 },
    strong: { brightness: 1, contrast: 1, saturation: 1, hue: 0.5 },
  },
  cutmix: { none: { probability: 0 }, strong: { probability: 1 } },
  cutout: { none: { size: 0 }, strong: { size: 1 } },
  elastic: { none: { strength: 0 }, strong: { strength: 0.1, smoothness: 0.1 } },
  flip: { none: { probability: 0 }, strong: { vertical: true } },
  gamma: { none: { from: 1, to: 1 }, strong: { from: 0.2, to: 5 } },
  mixup: { none: { probability: 0 }, strong: { alpha: 1 } },
  noise: { none: { deviation: 0 }, strong: { deviation: 1 } },
  rotate: { none: { degrees: 0 }, strong: { degrees: 180 } },
  scale: { none: { from: 1, to: 1 }, strong: { from: 0.3, to: 3 } },
  shift: { none: { fraction: 0 }, strong: { fraction: 1 } },
  stainJitter: { none: { amount: 0 }, strong: { amount: 1 } },
};

/** Those that move pixels; the others leave a mask alone. */
const moving = new Set(['elastic', 'flip', 'rotate', 'scale', 'shift']);
const names = Object.keys(registry) as (keyof typeof registry)[];
const choice = (name: string, options: object = {}) => ({ name, ...options }) as AugmentChoice;
const shapes: readonly ImageShape[] = [
  [24, 31, 3],
  [17, 12, 1],
  [9, 9, 3],
];
const suits = (name: string, [, , channels]: ImageShape) => name !== 'stainJitter' || channels === 3;

/** A disc, painted white on black into the image. */
function painted([height, width, channels]: ImageShape, id = 'disc'): Sample {
  const label = Int32Array.from({ length: height * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return Math.hypot(row - 0.4 * height, column - 0.6 * width) < 0.3 * Math.min(height, width) ? 1 : 0;
  });
  const pixels = Float32Array.from(
    { length: label.length * channels },
    (_, i) => label[Math.floor(i / channels)]!,
  );
  return { id, pixels, label };
}

function noisy(shape: ImageShape, id = 'noisy'): Sample {
  const pixels = createRandom(3, id).uniforms(shape[0] * shape[1] * shape[2], 0, 1);
  return { ...painted(shape, id), pixels };
}

for (const name of names) {
  const { none, strong } = strengths[name];
  const applied = (options: object, sample: Sample, shape: ImageShape, seed = 1) =>
    createAugmenter([choice(name, options)], shape).augment(sample, createRandom(seed));

  test(`${name}: the same seed gives the same, another something else, and the sample stays as it was`, () => {
    for (const shape of shapes.filter((one) => suits(name, one))) {
      const sample = noisy(shape);
      const before = structuredClone(sample);
      const results = Array.from({ length: 8 }, (_, seed) => applied(strong, sample, shape, seed));
      const again = Array.from({ length: 8 }, (_, seed) => applied(strong, sample, shape, seed));
      assert.deepEqual(again, results);
      assert.deepEqual(sample, before);
      assert.ok(results.every(({ pixels }) => pixels !== sample.pixels));
      const distinct = new Set(results.map(({ pixels }) => pixels.join()));
      const mixes = name === 'mixup' || name === 'cutmix';
      assert.ok(mixes ? distinct.size === 1 : distinct.size > 3, `${distinct.size} different results`);
    }
  });

  test(`${name}: values stay in [0, 1], whatever the image`, () => {
    for (const shape of shapes.filter((one) => suits(name, one))) {
      const { label } = painted(shape);
      for (const sample of [
        noisy(shape),
        painted(shape),
        { ...painted(shape), pixels: new Float32Array(noisy(shape).pixels.length).fill(1) },
      ]) {
        for (let seed = 0; seed < 10; seed++) {
          const result = applied(strong, sample, shape, seed);
          assert.ok(result.pixels.every((value) => value >= 0 && value <= 1));
          assert.equal(result.pixels.length, sample.pixels.length);
          assert.equal((result.label as Int32Array).length, (label as Int32Array).length);
        }
      }
    }
  });

  test(`${name}: without strength it changes nothing, to the bit`, () => {
    for (const shape of shapes.filter((one) => suits(name, one))) {
      const sample = noisy(shape);
      for (let seed = 0; seed < 5; seed++) assert.deepEqual(applied(none, sample, shape, seed), sample);
    }
  });

  test(`${name}: an image and its mask move together`, () => {
    for (const shape of shapes.filter((one) => suits(name, one))) {
      const [height, width, channels] = shape;
      const augmenter = createAugmenter([choice(name, strong)], shape);
      if (!moving.has(name)) {
        for (let seed = 0; seed < 5; seed++) {
          const { label } = augmenter.augment(noisy(shape), createRandom(seed));
          assert.deepEqual(label, painted(shape).label, 'what recolours leaves the mask alone');
        }
        continue;
      }
      let sure = 0;
      for (let seed = 0; seed < 10; seed++) {
        const { pixels, label } = augmenter.augment(painted(shape), createRandom(seed));
        for (let i = 0; i < height * width; i++) {
          const value = pixels[i * channels]!;
          // Between the two, on the border of the disc, the nearest pixel may be either.
          if (value > 1e-5 && value < 1 - 1e-5) continue;
          assert.equal((label as Int32Array)[i], Math.round(value));
          sure++;
        }
      }
      assert.ok(sure > 3 * height * width, `${sure} places`);
    }
  });

  test(`${name}: a probability of 0 leaves every image alone, an unknown option is refused`, () => {
    const shape = shapes[0]!;
    const sample = noisy(shape);
    assert.deepEqual(applied({ ...strong, probability: 0 }, sample, shape), sample);
    assert.throws(
      () => applied({ probability: 2 }, sample, shape),
      says(UsageError, `"probability" of ${name}`, '2'),
    );
    assert.throws(
      () => applied({ strenght: 2 }, sample, shape),
      says(UsageError, `${name} has no option "strenght"`),
    );
  });
}

test('one more augmentation in the list does not change the draws of another', () => {
  const shape: ImageShape = [16, 16, 3];
  const sample = noisy(shape);
  const alone = createAugmenter([choice('cutout')], shape).augment(sample, createRandom(4));
  const among = createAugmenter(
    [choice('noise', { deviation: 0 }), choice('cutout'), choice('gamma', { from: 1, to: 1 })],
    shape,
  );
  assert.deepEqual(among.augment(sample, createRandom(4)), alone);
});

test('moves are composed: one interpolation, and turns that cancel give the image itself', () => {
  const shape: ImageShape = [20, 20, 1];
  const sample = noisy(shape);
  const turn: Affine = [0, -1, 0, 1, 0, 0];
  const once = resampleImage(sample.pixels, shape, placesOf([turn], shape)!);
  // A quarter turn: row r, column c comes from row −c, column r, counted from the centre.
  for (let row = 0; row < 20; row++) {
    for (let column = 0; column < 20; column++) {
      assert.equal(once[row * 20 + column], sample.pixels[(19 - column) * 20 + row]);
    }
  }
  assert.equal(placesOf([[1, 0, 0, 0, 1, 0]], shape), undefined);
  const four = resampleImage(sample.pixels, shape, placesOf([turn, turn, turn, turn], shape)!);
  assert.deepEqual(four, sample.pixels);
});

test('the first move of the list is done to the image first, displacements among affine ones too', () => {
  const shape: ImageShape = [15, 21, 2];
  const [height, width] = shape;
  const { pixels } = noisy(shape);
  const label = Int32Array.from({ length: height * width }, (_, i) => i);
  // Whole pixels, so that two interpolations lose nothing.
  const down: Affine = [1, 0, -2, 0, 1, 0];
  const mirror: Affine = [1, 0, 0, 0, -1, 0];
  const right = {
    rows: new Float32Array(height * width),
    columns: new Float32Array(height * width).fill(-3),
  };
  for (const moves of [
    [down, mirror],
    [mirror, down],
    [right, mirror],
    [mirror, right],
    [down, right, mirror, right],
  ]) {
    const places = placesOf(moves, shape)!;
    let image: Float32Array = pixels;
    let mask: Int32Array = label;
    for (const move of moves) {
      const alone = placesOf([move], shape)!;
      image = resampleImage(image, shape, alone);
      mask = resampleMask(mask, shape, alone);
    }
    // Mirrored borders are mirrored again in two steps, so the inner part is compared.
    const composed = resampleMask(label, shape, places);
    const composedImage = resampleImage(pixels, shape, places);
    for (let row = 6; row < height - 6; row++) {
      for (let column = 7; column < width - 7; column++) {
        assert.equal(composed[row * width + column], mask[row * width + column]);
        assertClose([composedImage[(row * width + column) * 2]!], [image[(row * width + column) * 2]!]);
      }
    }
  }
});

test('what is beyond the border is the image in a mirror', () => {
  const shape: ImageShape = [1, 4, 1];
  const shifted = (columns: number) => [
    ...resampleImage(Float32Array.of(1, 2, 3, 4), shape, placesOf([[1, 0, 0, 0, 1, columns]], shape)!),
  ];
  assert.deepEqual(shifted(2), [3, 4, 4, 3]);
  assert.deepEqual(shifted(-2), [2, 1, 1, 2]);
  assert.deepEqual(shifted(8), [1, 2, 3, 4]);
  assert.deepEqual(shifted(-11), [3, 2, 1, 1]);
  assert.deepEqual(shifted(0.5), [1.5, 2.5, 3.5, 4]);
});

test('elastic: the field is smooth and of the strength asked for', () => {
  const shape: ImageShape = [96, 128, 1];
  const made = registry.elastic.create({ probability: 1, strength: 0.02, smoothness: 0.08 }, shape);
  assert.ok('move' in made);
  let [sum, count, steps] = [0, 0, 0];
  for (let seed = 0; seed < 20; seed++) {
    const move = made.move(shape, createRandom(seed)) as { rows: Float32Array; columns: Float32Array };
    for (const field of [move.rows, move.columns]) {
      for (let i = 1; i < field.length; i++) {
        sum += field[i]! ** 2;
        if (i % 128 > 0) steps += (field[i]! - field[i - 1]!) ** 2;
        count++;
      }
    }
  }
  const deviation = Math.sqrt(sum / count);
  assert.ok(Math.abs(deviation / (0.02 * 96) - 1) < 0.1, `${deviation}`);
  // A Gaussian of standard deviation s correlates neighbours by 1 − 1/(4 s²).
  const correlation = 1 - steps / count / (2 * deviation ** 2);
  assert.ok(Math.abs((1 - correlation) * 4 * (0.08 * 96) ** 2 - 1) < 0.25, `${correlation}`);
});

test('stain jitter: amounts of stains change by themselves', () => {
  const shape: ImageShape = [1, 3, 3];
  const made = registry.stainJitter.create({ probability: 1, amount: 0.3 }, shape);
  assert.ok('recolour' in made);
  // Densities of one unit of haematoxylin, of eosin, and of both.
  const densities = [0.65, 0.7, 0.29, 0.07, 0.99, 0.11, 0.72, 1.69, 0.4];
  const pixels = Float32Array.from(densities, (density) => Math.exp(-density));
  made.recolour({ pixels, shape }, createRandom(2));
  const found = Array.from(pixels, (value) => -Math.log(value));
  // c → a c + b is affine: what both stains give is the sum of each, less that of none.
  const none = Float32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1);
  made.recolour({ pixels: none, shape }, createRandom(2));
  for (let channel = 0; channel < 3; channel++) {
    const offset = -Math.log(none[channel]!);
    assertClose([found[6 + channel]!], [found[channel]! + found[3 + channel]! - offset], { absolute: 1e-5 });
  }
});

test('mixup and cutmix: labels have the part that the pixels have', () => {
  const shape: ImageShape = [8, 8, 1];
  for (const name of ['mixup', 'cutmix'] as const) {
    const augmenter = createAugmenter([choice(name, strengths[name].strong)], shape);
    let mixed = 0;
    for (let seed = 0; seed < 20; seed++) {
      // Image i is all i / 10, and of class i: what is in it tells how much of which.
      const pixels = Float32Array.from({ length: 4 * 64 }, (_, i) => Math.floor(i / 64) / 10);
      const labels = Int32Array.of(0, 1, 2, 3);
      const found = augmenter.mix({ pixels, labels }, 4, createRandom(seed));
      assert.ok(found);
      assert.deepEqual(labels, Int32Array.of(0, 1, 2, 3));
      assert.deepEqual([...found.labels].sort(), [0, 1, 2, 3]);
      for (let image = 0; image < 4; image++) {
        const mean =
          pixels.subarray(image * 64, (image + 1) * 64).reduce((sum, value) => sum + value, 0) / 64;
        assertClose([mean], [((1 - found.share) * image + found.share * found.labels[image]!) / 10], {
          absolute: 1e-6,
        });
      }
      if (found.share > 0) mixed++;
      assert.ok(found.share >= 0 && found.share <= 1);
    }
    assert.ok(mixed > 10);
  }
});

test('cutmix pastes masks with their images; mixup has both masks', () => {
  const shape: ImageShape = [12, 10, 1];
  const labels = () => Int32Array.from({ length: 3 * 120 }, (_, i) => Math.floor(i / 120));
  const cut = createAugmenter([choice('cutmix', { probability: 1 })], shape);
  const own = { pixels: Float32Array.from(labels()), labels: labels() };
  assert.equal(cut.mix(own, 3, createRandom(1)), undefined);
  assert.deepEqual([...own.labels], [...own.pixels], 'the mask painted into the image is the mask');
  assert.notDeepEqual(own.labels, labels());
  const blend = createAugmenter([choice('mixup', { alpha: 1 })], shape);
  const both = { pixels: Float32Array.from(labels()), labels: labels() };
  const found = blend.mix(both, 3, createRandom(1))!;
  assert.deepEqual(both.labels, labels());
  for (let i = 0; i < 360; i++) {
    assertClose([both.pixels[i]!], [(1 - found.share) * both.labels[i]! + found.share * found.labels[i]!]);
  }
});

test('Beta(alpha, alpha) has its mean and variance', () => {
  for (const alpha of [0.01, 0.2, 1, 4]) {
    const random = createRandom(1, `beta-${alpha}`);
    const values = Array.from({ length: 4000 }, () => beta(random, alpha));
    const mean = values.reduce((sum, value) => sum + value, 0) / 4000;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4000;
    assert.ok(values.every((value) => value >= 0 && value <= 1));
    assert.ok(Math.abs(mean - 0.5) < 0.03, `mean ${mean}`);
    assert.ok(Math.abs(variance * 4 * (2 * alpha + 1) - 1) < 0.1, `variance ${variance} of ${alpha}`);
  }
});

test('lists that cannot be are refused', () => {
  const shape: ImageShape = [8, 8, 1];
  const made =
    (...choices: AugmentChoice[]) =>
    () =>
      createAugmenter(choices, shape);
  assert.throws(made(choice('spin')), says(UsageError, 'no augmentation "spin"', 'rotate'));
  assert.throws(made(choice('flip'), choice('flip')), says(UsageError, 'flip twice'));
  assert.throws(made(choice('mixup'), choice('cutmix')), says(UsageError, 'mixup and cutmix'));
  assert.throws(made(choice('stainJitter')), says(UsageError, 'three channels', '1'));
  assert.throws(made(choice('rotate', { degrees: 200 })), says(UsageError, '"degrees" of rotate'));
  assert.throws(made(choice('scale', { from: 2, to: 1 })), says(UsageError, '"from" of scale'));
});
