// The anatomy of a synthetic axial brain slice: which tissue is where.

import type { Random } from '../../random.ts';
import { coordinate, fractalNoise } from './planes.ts';

/** Class indices of a head; `tissueNames` in the same order. */
export const tissue = {
  background: 0,
  scalp: 1,
  skull: 2,
  cerebrospinalFluid: 3,
  greyMatter: 4,
  whiteMatter: 5,
  ventricles: 6,
  deepGrey: 7,
} as const;

export const tissueNames: readonly string[] = Object.keys(tissue);

/** An ellipse in head coordinates, turned by `angle`. */
interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly across: number;
  readonly along: number;
  readonly angle: number;
}

interface Anatomy {
  /** Half width and half height of the brain. */
  readonly brainWidth: number;
  readonly brainHeight: number;
  readonly skull: number;
  readonly scalp: number;
  readonly cortex: number;
  /** Thickness of the fluid over the cortex, and half the width of a fold. */
  readonly fluid: number;
  readonly fold: number;
  readonly ventricles: readonly Ellipse[];
  readonly deepGrey: readonly Ellipse[];
}

/** Below 1 inside. */
function within({ x, y, across, along, angle }: Ellipse, u: number, v: number): number {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const a = (cos * (u - x) + sin * (v - y)) / across;
  const b = (cos * (v - y) - sin * (u - x)) / along;
  return a * a + b * b;
}

/** A left and a right one, slightly unlike. */
function pair(ellipse: Ellipse, random: Random): Ellipse[] {
  return [-1, 1].map((side) => {
    const scale = 1 + 0.06 * random.normal();
    return {
      x: side * ellipse.x * (1 + 0.04 * random.normal()),
      y: ellipse.y + 0.012 * random.normal(),
      across: ellipse.across * scale,
      along: ellipse.along * scale,
      angle: side * ellipse.angle,
    };
  });
}

function drawAnatomy(size: number, random: Random): Anatomy {
  const fluid = 0.014 + 0.014 * random.uniform();
  const wide = 0.55 + 0.9 * random.uniform() ** 1.5;
  const horns = (x: number, y: number, across: number, along: number, angle: number) =>
    pair({ x, y, across: across * wide, along: along * Math.sqrt(wide), angle }, random);
  return {
    brainWidth: 0.6 + 0.06 * random.uniform(),
    brainHeight: 0.74 + 0.06 * random.uniform(),
    skull: 0.05 + 0.025 * random.uniform(),
    scalp: 0.04 + 0.03 * random.uniform(),
    cortex: 0.062 + 0.018 * random.uniform(),
    fluid,
    // Half a pixel at least, or folds break up.
    fold: Math.max(0.6 * fluid, 1 / size),
    ventricles: [
      ...horns(0.075, -0.19, 0.04, 0.13, 0.45),
      ...horns(0.055, -0.02, 0.03, 0.15, 0),
      ...horns(0.15, 0.24, 0.042, 0.15, -0.6),
      { x: 0, y: 0.06, across: 0.014 * wide, along: 0.1, angle: 0 },
    ],
    deepGrey: [
      ...pair({ x: 0.165, y: -0.17, across: 0.05, along: 0.1, angle: 0.3 }, random),
      ...pair({ x: 0.25, y: -0.05, across: 0.055, along: 0.14, angle: -0.25 }, random),
      ...pair({ x: 0.105, y: 0.09, across: 0.075, along: 0.1, angle: -0.3 }, random),
    ],
  };
}

/** Lowers `plane` to the squared distance from a point, as far as `reach`; all in head coordinates. */
function stampDistance(plane: Float32Array, size: number, x: number, y: number, reach: number): void {
  const pixels = (reach * size) / 2;
  const column = ((x + 1) * size - 1) / 2;
  const row = ((y + 1) * size - 1) / 2;
  const unit = (2 / size) ** 2;
  for (let i = Math.max(0, Math.ceil(row - pixels)); i <= Math.min(size - 1, row + pixels); i++) {
    for (let j = Math.max(0, Math.ceil(column - pixels)); j <= Math.min(size - 1, column + pixels); j++) {
      const squared = ((i - row) ** 2 + (j - column) ** 2) * unit;
      if (squared < (plane[i * size + j] as number)) plane[i * size + j] = squared;
    }
  }
}

/** Distance to the nearest fold of the cortex: winding lines from the surface inwards, and the midline. */
function drawFolds(size: number, { brainWidth, brainHeight, cortex }: Anatomy, random: Random): Float32Array {
  const squared = new Float32Array(size * size).fill(1);
  // Beyond the cortex, how far a fold is does not matter.
  const reach = cortex + 3 / size;
  const step = 2 / size;
  const walk = (startX: number, startY: number, startHeading: number, length: number, bend: number) => {
    let [x, y, heading] = [startX, startY, startHeading];
    let turning = bend * random.normal();
    for (let along = 0; along < length; along += step) {
      stampDistance(squared, size, x, y, reach);
      x += step * Math.cos(heading);
      y += step * Math.sin(heading);
      turning += bend * 6 * Math.sqrt(step) * random.normal();
      heading += step * turning;
    }
  };
  const count = 27 + random.integer(9);
  for (let fold = 0; fold < count; fold++) {
    const angle = (2 * Math.PI * (fold + 0.35 * random.normal())) / count;
    const [x, y] = [brainWidth * Math.cos(angle), brainHeight * Math.sin(angle)];
    const inwards = Math.atan2(-y * 0.9, -x) + 0.35 * random.normal();
    const deep = fold % 3 === 0 ? 0.1 : 0;
    walk(x, y, inwards, 0.07 + deep + 0.12 * random.uniform(), 4);
  }
  for (const side of [0, Math.PI]) {
    const angle = side + (side === 0 ? -0.12 : 0.12);
    const sylvian = side === 0 ? Math.PI + 0.3 : -0.3;
    walk(
      brainWidth * Math.cos(angle),
      brainHeight * Math.sin(angle),
      sylvian,
      0.26 + 0.06 * random.uniform(),
      2,
    );
  }
  walk(0, -brainHeight, Math.PI / 2, brainHeight - 0.36, 0.3);
  walk(0, brainHeight, -Math.PI / 2, brainHeight - 0.34, 0.3);
  return squared.map(Math.sqrt);
}

function tissueAt(anatomy: Anatomy, u: number, v: number, toFold: number): number {
  const { brainWidth, brainHeight, skull, scalp, cortex, fluid, fold } = anatomy;
  const radius = Math.hypot(u / brainWidth, v / brainHeight);
  // Distance from the brain's surface, positive outside: exact on the axes, near enough between.
  const outside = ((radius - 1) * Math.hypot(u, v)) / Math.max(radius, 1e-6);
  if (outside > fluid + skull + scalp) return tissue.background;
  if (outside > fluid + skull) return tissue.scalp;
  if (outside > fluid) return tissue.skull;
  if (outside > 0) return tissue.cerebrospinalFluid;
  if (anatomy.ventricles.some((ellipse) => within(ellipse, u, v) < 1)) return tissue.ventricles;
  if (anatomy.deepGrey.some((ellipse) => within(ellipse, u, v) < 1)) return tissue.deepGrey;
  const depth = Math.min(-outside, toFold);
  if (toFold < fold) return tissue.cerebrospinalFluid;
  return depth < cortex ? tissue.greyMatter : tissue.whiteMatter;
}

/** A head seen from above, nose up: the tissue of each pixel of a `size` × `size` image. */
export function drawHead(size: number, random: Random): Int32Array {
  const anatomy = drawAnatomy(size, random.stream('anatomy'));
  const folds = drawFolds(size, anatomy, random.stream('folds'));
  const warpX = fractalNoise(size, 3, 2, random.stream('warp-x'));
  const warpY = fractalNoise(size, 3, 2, random.stream('warp-y'));
  const pose = random.stream('pose');
  const angle = 0.1 * pose.normal();
  const [shiftX, shiftY] = [0.025 * pose.normal(), 0.025 * pose.normal()];
  const scale = 1 / (0.95 + 0.1 * pose.uniform());
  const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
  const labels = new Int32Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = y * size + x;
      const dx = coordinate(x, size) - shiftX + 0.03 * (warpX[at] as number);
      const dy = coordinate(y, size) - shiftY + 0.03 * (warpY[at] as number);
      const u = cos * dx + sin * dy;
      const v = cos * dy - sin * dx;
      const column = Math.round(((u + 1) * size - 1) / 2);
      const row = Math.round(((v + 1) * size - 1) / 2);
      const toFold = column >= 0 && row >= 0 && column < size && row < size ? folds[row * size + column] : 1;
      labels[at] = tissueAt(anatomy, u, v, toFold as number);
    }
  }
  return labels;
}
