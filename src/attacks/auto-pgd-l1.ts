// What Auto-PGD does otherwise in l1: Croce and Hein 2021, arXiv:2103.01208.

/** How much a step is shortened, and to what share of epsilon at most. */
const [SHORTER, SHORTEST] = [1.5, 0.1];
/** The first steps move this share of the values. */
export const FIRST_SHARE = 0.2;

/** How few values an image's steps move: adapted to how many the best image so far has changed. */
export interface Sparsity {
  /** The share of the values that a step moves. */
  share: number;
  /** How many values the best image had changed at the last check. */
  changed: number;
}

/** After how many steps each time the step sizes and shares are looked at. */
export const sparseInterval = (steps: number) => Math.max(1, Math.floor(0.04 * steps));

/** A step of length 1 in l1, by equal amounts along the signs of the steepest slopes; those that are not finite are 0. */
export function sparseStep(gradient: Float32Array, share: number): Float32Array {
  const slopes = gradient.map((slope) => (Number.isFinite(slope) ? slope : 0));
  const sizes = Float32Array.from(slopes, Math.abs).sort();
  const place = Math.min(sizes.length - 1, Math.max(0, Math.floor((1 - share) * sizes.length)));
  const least = sizes[place] as number;
  const signs = slopes.map((slope) => (Math.abs(slope) >= least ? Math.sign(slope) : 0));
  const moved = signs.reduce((count, sign) => count + Math.abs(sign), 0);
  return moved === 0 ? signs : signs.map((sign) => sign / moved);
}

/**
 * Adapts the sparsity to the best image so far. Gives the next step size: epsilon, to begin again at the best image,
 * where that became much sparser; or a shorter one.
 */
export function adaptSparsity(
  sparsity: Sparsity,
  best: Float32Array,
  clean: Float32Array,
  { stepSize, epsilon }: { readonly stepSize: number; readonly epsilon: number },
): { readonly stepSize: number; readonly sparser: boolean } {
  const changed = best.reduce((count, value, i) => count + (value === clean[i] ? 0 : 1), 0);
  const sparser = changed / sparsity.changed < 0.95;
  Object.assign(sparsity, { share: changed / best.length / 1.5, changed });
  return { stepSize: sparser ? epsilon : Math.max(stepSize / SHORTER, SHORTEST * epsilon), sparser };
}
