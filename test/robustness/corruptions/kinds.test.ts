// What single corruptions do, beyond what must hold of all of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/random.ts';
import { type CorruptionName, prepared } from '../../../src/robustness/corruptions/corrupt.ts';
import { fourier } from '../../../src/robustness/corruptions/fourier.ts';
import { assertClose } from '../../support.ts';
import { meanSquaredError, scene } from './scenes.ts';

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

function flat(value: number, size = 64) {
  return { pixels: new Float32Array(size * size).fill(value), shape: [size, size, 1] as const };
}

function at(
  name: CorruptionName,
  picture: Parameters<typeof prepared>[1],
  amount: number,
): Promise<Float32Array> {
  return prepared(name, picture, createRandom(1))(amount);
}

test('noise has the standard deviation asked for; Rician noise lightens black as Rayleigh noise', async () => {
  const grey = await at('gaussianNoise', flat(0.5), 0.1);
  assert.ok(Math.abs(Math.sqrt(meanSquaredError(grey, flat(0.5).pixels)) - 0.1) < 0.003);
  const speckled = await at('speckle', flat(0.5), 0.1);
  assert.ok(Math.abs(Math.sqrt(meanSquaredError(speckled, flat(0.5).pixels)) - 0.05) < 0.0015);
  const black = await at('ricianNoise', flat(0), 0.1);
  assert.ok(Math.abs(mean(black) - 0.1 * Math.sqrt(Math.PI / 2)) < 0.003);
});

test('salt and pepper are as frequent as asked for, half each', async () => {
  const values = await at('saltAndPepper', flat(0.5), 0.2);
  const share = (of: number) => values.filter((value) => value === of).length / values.length;
  assert.ok(Math.abs(share(0) - 0.1) < 0.02 && Math.abs(share(1) - 0.1) < 0.02);
});

test('blur, contrast, resolution and an occlusion keep or lower the mean as they should', async () => {
  const picture = scene([32, 32, 1], 3);
  const before = mean(picture.pixels);
  assert.ok(Math.abs(mean(await at('contrast', picture, 0.5)) - before) < 1e-6);
  assert.ok(Math.abs(mean(await at('resolution', picture, 0.5)) - before) < 0.01);
  assert.ok(Math.abs(mean(await at('blur', picture, 0.05)) - before) < 0.01);
  const hidden = await at('occlusion', flat(0.5), 0.25);
  assert.equal(hidden.filter((value) => value === 0).length, 32 * 32);
  assert.ok(Math.abs(mean(await at('contrast', picture, 1)) - before) < 1e-6);
});

test('an amount of 0 leaves an image as it is', async () => {
  const picture = scene([20, 28, 3], 1);
  for (const name of [
    'biasField',
    'brightness',
    'contrast',
    'gamma',
    'gaussianNoise',
    'ghosting',
    'motion',
    'resolution',
    'ricianNoise',
    'saltAndPepper',
    'speckle',
    'occlusion',
  ] as const) {
    assertClose(await at(name, picture, 0), picture.pixels, { absolute: 1e-5, what: name });
  }
});

test('ghosts are copies of the image at n-th parts of its height', async () => {
  // One bright line.
  const size = 40;
  const pixels = new Float32Array(size * size)
    .fill(0, 0)
    .map((_, i) => (Math.floor(i / size) === 0 ? 0.9 : 0));
  const ghosts = await at('ghosting', { pixels, shape: [size, size, 1] }, 0.5);
  const rows = Array.from({ length: size }, (_, row) => ghosts[row * size] as number);
  const bright = rows.filter((value) => value > 0.02).length;
  assert.ok(bright >= 4, `${bright} bright lines`);
  assert.ok((rows[0] as number) < 0.9);
});

test('the Fourier transform is that of its definition, and its inverse undoes it', () => {
  const length = 16;
  const random = createRandom(1);
  const [real, imaginary] = [0, 1].map(() => Float64Array.from(random.normals(length, 0, 1))) as [
    Float64Array,
    Float64Array,
  ];
  const line = { real: real.slice(), imaginary: imaginary.slice() };
  const { forward, inverse } = fourier(length);
  forward(line);
  for (let k = 0; k < length; k++) {
    let [re, im] = [0, 0];
    for (let i = 0; i < length; i++) {
      const angle = (-2 * Math.PI * k * i) / length;
      re += real[i]! * Math.cos(angle) - imaginary[i]! * Math.sin(angle);
      im += real[i]! * Math.sin(angle) + imaginary[i]! * Math.cos(angle);
    }
    assert.ok(
      Math.abs(re - line.real[k]!) < 1e-9 && Math.abs(im - line.imaginary[k]!) < 1e-9,
      `frequency ${k}`,
    );
  }
  inverse(line);
  assertClose(line.real, real, { absolute: 1e-12 });
  assertClose(line.imaginary, imaginary, { absolute: 1e-12 });
});
