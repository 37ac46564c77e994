import { requireOption } from '../options.ts';
import { createRandom, type Random } from '../random.ts';
import { type Dataset, defineDataset } from './dataset.ts';
import { drawHead, tissueNames } from './synthetic/head.ts';
import { fractalNoise } from './synthetic/planes.ts';

/** How bright each tissue is in a T1-weighted image, in the order of `tissueNames`. */
const brightness = [0.01, 0.78, 0.08, 0.14, 0.43, 0.7, 0.12, 0.53];

/** The mean of each pixel and its neighbours, weighted 1-2-1: a pixel of a scanner holds several tissues. */
function blur(plane: Float32Array, size: number): Float32Array {
  const pass = (from: Float32Array, stride: number, position: (i: number) => number) =>
    from.map((value, i) => {
      const before = position(i) > 0 ? (from[i - stride] as number) : value;
      const after = position(i) < size - 1 ? (from[i + stride] as number) : value;
      return (before + 2 * value + after) / 4;
    });
  return pass(
    pass(plane, 1, (i) => i % size),
    size,
    (i) => Math.floor(i / size),
  );
}

/** What a scanner would measure: tissue contrast, an uneven coil, and the noise of a magnitude image. */
function scan(size: number, labels: Int32Array, noise: number, random: Random): Float32Array {
  const contrast = brightness.map((value) => value * (1 + 0.05 * random.normal()));
  const texture = fractalNoise(size, size / 6, 2, random);
  const signal = Float32Array.from(
    labels,
    (label, i) => (contrast[label] as number) * (1 + 0.05 * (texture[i] as number)),
  );
  const bias = fractalNoise(size, 1.6, 1, random);
  const real = random.normals(size * size, 0, noise);
  const imaginary = random.normals(size * size, 0, noise);
  return blur(signal, size).map((value, i) => {
    const shaded = value * Math.exp(0.3 * (bias[i] as number));
    return Math.min(1, Math.hypot(shaded + (real[i] as number), imaginary[i] as number));
  });
}

/**
 * Drawn axial slices of heads, as T1-weighted MRI shows them, with the tissue of every pixel; for
 * segmentation. No substitute for patients.
 *
 * Eight classes, background first. Folds of the cortex, width of the ventricles, pose, contrast and
 * the bias field differ by slice; noise is Rician. Sample i depends on seed, i, size and noise only.
 */
export const brainPhantoms = defineDataset({
  defaults: {
    count: 400,
    /** Height and width. */
    size: 128,
    /** Standard deviation of the noise in each of the two channels of the receiver; pixels are in [0, 1]. */
    noise: 0.03,
    seed: 1,
  },
  async open({ count, size, noise, seed }): Promise<Dataset> {
    const whole = (value: number, least: number) => Number.isInteger(value) && value >= least;
    requireOption('brainPhantoms', 'count', whole(count, 1), 'a whole number of at least 1', count);
    requireOption('brainPhantoms', 'size', whole(size, 32), 'a whole number of at least 32', size);
    requireOption('brainPhantoms', 'noise', noise >= 0 && noise <= 1, 'a value in [0, 1]', noise);
    const root = createRandom(seed, 'brainPhantoms');
    const samples = Array.from({ length: count }, (_, index) => {
      const id = `head-${index}`;
      return { id, patient: id };
    });
    return {
      name: 'brainPhantoms',
      task: 'segmentation',
      imageShape: [size, size, 1],
      classes: tissueNames,
      samples,
      async read(index) {
        const random = root.stream(String(index));
        const label = drawHead(size, random);
        return { id: `head-${index}`, pixels: scan(size, label, noise, random.stream('scan')), label };
      },
    };
  },
});
