import { createRandom } from '../../../src/random.ts';
import type { Picture } from '../../../src/robustness/corruptions/corruption.ts';

/** A smooth background, a disc and some grain: edges, areas and texture for corruptions to act on. */
export function scene(shape: Picture['shape'], seed: number): Picture {
  const [height, width, channels] = shape;
  const random = createRandom(seed).stream('scene');
  const [y, x, radius] = [
    0.3 + 0.4 * random.uniform(),
    0.3 + 0.4 * random.uniform(),
    0.2 + 0.1 * random.uniform(),
  ];
  const pixels = Float32Array.from({ length: height * width * channels }, (_, i) => {
    const [row, column] = [
      Math.floor(i / (width * channels)) / height,
      (Math.floor(i / channels) % width) / width,
    ];
    const inside = (row - y) ** 2 + (column - x) ** 2 < radius ** 2;
    const tint = 0.06 * (i % channels);
    return 0.35 + 0.2 * row + tint + (inside ? 0.3 : 0) + 0.05 * (random.uniform() - 0.5);
  });
  return { pixels, shape };
}

export function meanSquaredError(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += ((one[i] as number) - (other[i] as number)) ** 2;
  return sum / one.length;
}
