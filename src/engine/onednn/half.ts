// When tensors are stored as bfloat16: where convolutions round to it anyway, their results are, and so is what follows
// from these. Images, logits, losses, weights and their gradients stay as they are.

import { isFullPrecision } from '../ops/full-precision.ts';

let chosen = false;

/** Says whether float32 tensors may be stored as bfloat16 from now on. */
export function storeHalves(halves: boolean): void {
  chosen = halves;
}

/** Whether tensors that are stored as bfloat16 are computed with as they are. */
export function storesHalves(): boolean {
  return chosen;
}

/** Whether a convolution gives bfloat16 for this number of channels; images have less. */
export function isHalfFor(channels: number): boolean {
  const fewest = 8;
  return chosen && channels >= fewest && !isFullPrecision();
}
