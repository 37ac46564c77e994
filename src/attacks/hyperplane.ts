// The nearest point of [0, 1]^n on a hyperplane, in a norm.

/** The points where slope · z + offset = 0. */
export interface Hyperplane {
  readonly slope: Float32Array;
  readonly offset: number;
}

type Point = Float32Array;

const within = (value: number) => Math.min(1, Math.max(0, value));

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/**
 * Moves along `direction` by as much as brings `x`, held in [0, 1], to the hyperplane; as far as the box lets it.
 *
 * The distance grows with the length of the step ever more slowly, as values come to the border of the box: Newton's
 * steps from 0 never go too far, and end after finitely many.
 */
function moveAlong(x: Point, direction: Float32Array, { slope, offset }: Hyperplane): Point {
  const missing = -(dot(slope, x) + offset);
  const way = Math.sign(missing);
  if (way === 0) return x.slice();
  const at = (length: number) => x.map((value, i) => within(value + way * length * (direction[i] as number)));
  let length = 0;
  for (let i = 0; i < 100; i++) {
    let [reached, rate] = [0, 0];
    for (let k = 0; k < x.length; k++) {
      const value = x[k] as number;
      const moved = value + way * length * (direction[k] as number);
      const gain = (slope[k] as number) * (direction[k] as number);
      reached += (slope[k] as number) * (within(moved) - value);
      const room = way * (direction[k] as number) > 0 ? moved < 1 : moved > 0;
      if (room) rate += gain;
    }
    const left = Math.abs(missing) - way * reached;
    if (!(left > 1e-7 * Math.abs(missing)) || rate <= 0) break;
    length += left / rate;
  }
  return at(length);
}

/** In l1, one value after the other is moved as far as the box lets it, those with the steepest slope first. */
function moveFew(x: Point, { slope, offset }: Hyperplane): Point {
  const moved = x.slice();
  let missing = -(dot(slope, x) + offset);
  const way = Math.sign(missing);
  const order = Array.from(slope.keys()).sort(
    (a, b) => Math.abs(slope[b] as number) - Math.abs(slope[a] as number),
  );
  for (const i of order) {
    const rate = slope[i] as number;
    if (missing * way <= 0 || rate === 0) break;
    const target = within((moved[i] as number) + missing / rate);
    missing -= rate * (target - (moved[i] as number));
    moved[i] = target;
  }
  return moved;
}

/** The point of the box on the plane that is nearest to `x` in a norm; the nearest to the plane where there is none. */
export function project(x: Point, plane: Hyperplane, norm: 'linf' | 'l2' | 'l1'): Point {
  if (norm === 'l1') return moveFew(x, plane);
  return moveAlong(x, norm === 'linf' ? plane.slope.map(Math.sign) : plane.slope, plane);
}
