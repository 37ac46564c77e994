import { defineCorruption } from './corruption.ts';

/**
 * Values to the power of 1 + amount or its inverse, darker or lighter at random.
 *
 * Exponents: MedMNIST-C, arXiv:2406.17536, for ChestMNIST; its lighter ones (0.9 … 0.4) are replaced by the inverses.
 */
export const gamma = defineCorruption({
  amounts: [0.1, 0.2, 0.3, 0.4, 0.6],
  prepare({ pixels }, random) {
    const darker = random.uniform() < 0.5;
    return (amount) => pixels.map((value) => value ** (darker ? 1 + amount : 1 / (1 + amount)));
  },
});
