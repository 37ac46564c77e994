import { defineCorruption } from './corruption.ts';

/**
 * All values times 1 + amount or 1 − amount, lighter or darker at random.
 *
 * Factors: MedMNIST-C, arXiv:2406.17536, for DermaMNIST, where each direction is a corruption of its own.
 */
export const brightness = defineCorruption({
  amounts: [0.1, 0.2, 0.3, 0.4, 0.5],
  prepare({ pixels }, random) {
    const sign = random.uniform() < 0.5 ? -1 : 1;
    return (amount) => pixels.map((value) => value * (1 + sign * amount));
  },
});
