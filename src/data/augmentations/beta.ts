import type { Random } from '../../random.ts';

/** A number of the gamma distribution with scale 1. Marsaglia and Tsang 2000, A simple method for generating gamma variables. */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A number of Beta(alpha, alpha), in [0, 1]. */
export function beta(random: Random, alpha: number): number {
  const [a, b] = [gamma(random, alpha), gamma(random, alpha)];
  // Both may underflow for a small alpha, and then the one end is as likely as the other.
  return a + b > 0 ? a / (a + b) : Math.round(random.uniform());
}
