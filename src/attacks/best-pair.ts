// The search of the saliency map attack: the pair of values that does most, without looking at all pairs.

/** Directions in which the outermost points are looked for. */
const DIRECTIONS = 16;

/** The two points that reach farthest in a direction. */
function farthest(a: Float32Array, b: Float32Array, usable: Uint8Array, angle: number): number[] {
  const [x, y] = [Math.cos(angle), Math.sin(angle)];
  let [first, second] = [-1, -1];
  let [firstReach, secondReach] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < a.length; i++) {
    if (!usable[i]) continue;
    const reach = x * (a[i] as number) + y * (b[i] as number);
    if (reach > firstReach) {
      [second, secondReach] = [first, firstReach];
      [first, firstReach] = [i, reach];
    } else if (reach > secondReach) {
      [second, secondReach] = [i, reach];
    }
  }
  return [first, second].filter((i) => i >= 0);
}

/**
 * A few usable points among which the best pair is, in ascending order: none that two others exceed in both
 * coordinates, as either of the two could take its place in a pair.
 */
function candidates(a: Float32Array, b: Float32Array, usable: Uint8Array): number[] {
  const outer = new Set<number>();
  for (let i = 0; i <= DIRECTIONS; i++) {
    for (const point of farthest(a, b, usable, (i / DIRECTIONS) * (Math.PI / 2))) outer.add(point);
  }
  const exceeds = (other: number, i: number) =>
    (a[other] as number) >= (a[i] as number) && (b[other] as number) >= (b[i] as number);
  const fence = [...outer];
  const kept: number[] = [];
  for (let i = 0; i < a.length; i++) {
    if (!usable[i]) continue;
    if (!outer.has(i)) {
      let above = 0;
      for (let k = 0; k < fence.length && above < 2; k++) if (exceeds(fence[k] as number, i)) above++;
      if (above === 2) continue;
    }
    kept.push(i);
  }
  return twoLayers(a, b, kept);
}

/** The points that at most one other exceeds, by a sweep from the right; of equal ones two. */
function twoLayers(a: Float32Array, b: Float32Array, points: number[]): number[] {
  const swept = points.toSorted(
    (i, k) => (a[k] as number) - (a[i] as number) || (b[k] as number) - (b[i] as number) || i - k,
  );
  let [highest, second] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const kept = swept.filter((i) => {
    const height = b[i] as number;
    if (height <= second) return false;
    [highest, second] = height > highest ? [height, highest] : [highest, height];
    return true;
  });
  return kept.sort((i, k) => i - k);
}

/**
 * The two different usable places p and q for which (a_p + a_q) (b_p + b_q) is largest, with both factors above 0;
 * undefined where there are none.
 *
 * In time proportional to the number of places: the pair is among the points (a, b) that at most one other exceeds in
 * both coordinates, a few dozen, since putting such another in the place of a point lowers neither factor.
 */
export function bestPair(a: Float32Array, b: Float32Array, usable: Uint8Array): [number, number] | undefined {
  const points = candidates(a, b, usable);
  let best: [number, number] | undefined;
  let highest = 0;
  for (const [k, p] of points.entries()) {
    for (const q of points.slice(k + 1)) {
      const first = (a[p] as number) + (a[q] as number);
      const second = (b[p] as number) + (b[q] as number);
      if (first <= 0 || second <= 0 || first * second <= highest) continue;
      highest = first * second;
      best = [p, q];
    }
  }
  return best;
}
