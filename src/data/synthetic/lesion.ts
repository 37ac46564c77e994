// The form and the pigment of a synthetic skin lesion.

import type { Random } from '../../random.ts';
import { coordinate, fractalNoise, smoothstep, stampDisc } from './planes.ts';

/** What tells malignant from benign, each from 0 (harmless) to 1, after the ABC of dermoscopy. */
export interface Malignancy {
  readonly asymmetry: number;
  readonly border: number;
  readonly colour: number;
}

export interface Outline {
  readonly centreX: number;
  readonly centreY: number;
  readonly radius: number;
  /** Below 0 inside, above outside; about −1 in the middle of the lesion. */
  readonly level: Float32Array;
}

const tau = 2 * Math.PI;
const tableLength = 256;

/** Radius by angle, mean 1: an ellipse, lobes that make it lopsided, and notches of the border. */
function radiusTable({ asymmetry, border }: Malignancy, random: Random): Float32Array {
  const stretch = 0.06 + 0.12 * random.uniform() + 0.06 * asymmetry;
  const waves: [frequency: number, amplitude: number, phase: number][] = [
    [2, stretch, tau * random.uniform()],
  ];
  for (const frequency of [1, 3]) {
    waves.push([
      frequency,
      (0.015 + 0.17 * asymmetry) * (0.6 + 0.4 * random.uniform()),
      tau * random.uniform(),
    ]);
  }
  for (let frequency = 4; frequency <= 13; frequency++) {
    const amplitude = (0.006 + 0.085 * border) * (4 / frequency) ** 0.6 * random.uniform();
    waves.push([frequency, amplitude, tau * random.uniform()]);
  }
  return Float32Array.from({ length: tableLength }, (_, i) => {
    const angle = (tau * i) / tableLength;
    let radius = 1;
    for (const [frequency, amplitude, phase] of waves)
      radius += amplitude * Math.cos(frequency * angle + phase);
    return Math.max(0.3, radius);
  });
}

/** Draws the outline of a lesion somewhere near the middle of a `size` × `size` image. */
export function drawOutline(size: number, malignancy: Malignancy, random: Random): Outline {
  const table = radiusTable(malignancy, random);
  const centreX = 0.16 * random.normal() * 0.6;
  const centreY = 0.16 * random.normal() * 0.6;
  const radius = 0.36 + 0.24 * random.uniform();
  const ragged = fractalNoise(size, 6, 4, random);
  const raggedness = 0.08 + 0.16 * malignancy.border;
  const level = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    const dy = coordinate(y, size) - centreY;
    for (let x = 0; x < size; x++) {
      const dx = coordinate(x, size) - centreX;
      const turn = (Math.atan2(dy, dx) / tau + 1) * tableLength;
      const before = Math.floor(turn);
      const a = table[before % tableLength] as number;
      const b = table[(before + 1) % tableLength] as number;
      const edge = radius * (a + (turn - before) * (b - a));
      const at = y * size + x;
      level[at] = Math.sqrt(dx * dx + dy * dy) / edge - 1 + raggedness * (ragged[at] as number);
    }
  }
  return { centreX, centreY, radius, level };
}

/** Optical density of the pigments at each pixel; 0 is bare skin. */
export interface Pigments {
  readonly melanin: Float32Array;
  /** Melanin deep in the dermis, which looks blue-grey through the skin above it. */
  readonly veil: Float32Array;
  readonly blood: Float32Array;
}

/** A net of brown lines around pale holes, bent along `warp`: the borders between scattered points, 0 to 1. */
function pigmentNetwork(
  size: number,
  cells: number,
  level: Float32Array,
  warp: Float32Array,
  random: Random,
): Float32Array {
  // Turned, the lattice reaches √2 times as far; the rest is for the warp and the neighbours.
  const side = Math.ceil(cells * Math.SQRT2) + 8;
  const points = random.uniforms(side * side * 2, 0.02, 0.98);
  const angle = tau * random.uniform();
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const network = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    const dy = (y + 0.5) / size - 0.5;
    for (let x = 0; x < size; x++) {
      const at = y * size + x;
      if ((level[at] as number) > 0.25) continue;
      const dx = (x + 0.5) / size - 0.5;
      const bend = warp[at] as number;
      const u = side / 2 + cells * (cos * dx - sin * dy) + bend;
      const v = side / 2 + cells * (sin * dx + cos * dy) - bend;
      network[at] = 1 - smoothstep(0, 0.6, borderDistance(u, v, side, points));
    }
  }
  return network;
}

/** How much further than the nearest point the second nearest is, in a lattice of one random point a cell. */
function borderDistance(u: number, v: number, side: number, points: Float32Array): number {
  let nearest = 9;
  let second = 9;
  const [left, top] = [Math.floor(u) - 1, Math.floor(v) - 1];
  for (let row = top; row <= top + 2; row++) {
    for (let column = left; column <= left + 2; column++) {
      const point = 2 * (row * side + column);
      const dx = column + (points[point] as number) - u;
      const dy = row + (points[point + 1] as number) - v;
      const distance = dx * dx + dy * dy;
      if (distance < nearest) {
        second = nearest;
        nearest = distance;
      } else if (distance < second) second = distance;
    }
  }
  return Math.sqrt(second) - Math.sqrt(nearest);
}

/** Dots and globules of pigment within the lesion: few and small, or many, of all sizes and to one side. */
function drawGlobules(size: number, outline: Outline, colour: number, random: Random): Float32Array {
  const plane = new Float32Array(size * size);
  const count = random.integer(Math.round(6 + 34 * colour * random.uniform()));
  const side = 0.3 * colour;
  const [sideX, sideY] = [side * random.normal(), side * random.normal()];
  for (let i = 0; i < count; i++) {
    const x = outline.centreX + outline.radius * (sideX + 0.45 * random.normal());
    const y = outline.centreY + outline.radius * (sideY + 0.45 * random.normal());
    const radius = size * (0.003 + (0.004 + 0.009 * colour) * random.uniform());
    stampDisc(plane, size, ((x + 1) * size) / 2, ((y + 1) * size) / 2, radius, 0.4 + 0.6 * random.uniform());
  }
  return plane;
}

/** Fills an outline with pigment: even and symmetric when harmless, in patches of several colours when not. */
export function drawPigments(
  size: number,
  outline: Outline,
  { colour, border }: Malignancy,
  random: Random,
): Pigments {
  const { level } = outline;
  const patches = fractalNoise(size, 2.4, 5, random);
  const veilPatches = fractalNoise(size, 2, 4, random);
  const bloodPatches = fractalNoise(size, 2, 3, random);
  // Cells below three pixels would only alias.
  const cells = Math.min(size / 3.4, 30 + 12 * random.uniform());
  const network = pigmentNetwork(size, cells, level, bloodPatches, random);
  const globules = drawGlobules(size, outline, colour, random);
  const depth = 0.4 + 0.5 * random.uniform() + 0.25 * colour;
  const netStrength = (0.15 + 0.4 * random.uniform()) * (1 - 0.4 * colour);
  const softness = (0.14 + 0.26 * random.uniform()) * (1 - 0.6 * border);
  const darkMiddle = 0.6 * random.uniform() * (1 - colour);
  const melanin = new Float32Array(size * size);
  const veil = new Float32Array(size * size);
  const blood = new Float32Array(size * size);
  for (let i = 0; i < level.length; i++) {
    const patch = patches[i] as number;
    const net = network[i] as number;
    // Along the lines of the net, pigment reaches further out.
    const fringed = (level[i] as number) - 0.07 * (net - 0.5);
    const inside = 1 - smoothstep(-softness, softness * 0.5 + 0.03, fringed);
    if (inside === 0) continue;
    const middle = darkMiddle * smoothstep(0.1, 0.9, -(level[i] as number));
    const uneven = Math.exp(patch * (0.45 + 1.5 * colour));
    const lines = 1 + netStrength * (2 * net - 0.8) * smoothstep(-0.5, 0.3, veilPatches[i] as number);
    const globule = 0.7 * (globules[i] as number);
    melanin[i] = inside * (depth * (0.85 + middle) * uneven * lines + globule);
    veil[i] = inside * colour * 0.8 * smoothstep(0.05, 0.6, veilPatches[i] as number);
    blood[i] = inside * (0.06 + 0.6 * colour * smoothstep(0.1, 0.7, bloodPatches[i] as number));
  }
  return { melanin, veil, blood };
}
