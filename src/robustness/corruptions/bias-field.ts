import { defineCorruption } from './corruption.ts';

const ORDER = 3;

/**
 * The uneven sensitivity of coils in MRI: values times exp(p(x, y)), p a polynomial of order 3 with random
 * coefficients; the amount is the largest of them.
 *
 * Van Leemput et al. 1999, as in TorchIO: Pérez-García, Sparks and Ourselin 2021, arXiv:2003.04696 (`RandomBiasField`,
 * whose default is severity 5).
 */
export const biasField = defineCorruption({
  amounts: [0.1, 0.2, 0.3, 0.4, 0.5],
  prepare({ pixels, shape: [height, width, channels] }, random) {
    const powers = Array.from({ length: ORDER + 1 }, (_, i) =>
      Array.from({ length: ORDER + 1 - i }, (_, j) => [i, j] as const),
    ).flat();
    const coefficients = powers.map(() => 2 * random.uniform() - 1);
    const field = Float32Array.from({ length: height * width }, (_, at) => {
      const [y, x] = [along(Math.floor(at / width), height), along(at % width, width)];
      return powers.reduce((sum, [i, j], k) => sum + (coefficients[k] as number) * x ** i * y ** j, 0);
    });
    return (amount) =>
      pixels.map((value, i) => value * Math.exp(amount * (field[Math.floor(i / channels)] as number)));
  },
});

/** Position `i` of `length`, in [-1, 1]. */
function along(i: number, length: number): number {
  return length === 1 ? 0 : (2 * i) / (length - 1) - 1;
}
