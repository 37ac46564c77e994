// Square planes of numbers, [size, size] row by row, and the noise that synthetic images are made of.

import type { Random } from '../../random.ts';

/** 0 below `low`, 1 above `high`, smooth between (3t² − 2t³). */
export function smoothstep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** The coordinate of a pixel's centre, from −1 to 1 across the plane. */
export function coordinate(pixel: number, size: number): number {
  return (2 * pixel + 1) / size - 1;
}

/**
 * Adds value noise: uniform numbers in [−amplitude, amplitude] on a lattice of `cells` × `cells`, with
 * smooth transitions between.
 */
export function addNoise(
  plane: Float32Array,
  size: number,
  cells: number,
  amplitude: number,
  random: Random,
): void {
  const lattice = Math.ceil(cells) + 2;
  const values = random.uniforms(lattice * lattice, -amplitude, amplitude);
  const [offsetX, offsetY] = [random.uniform(), random.uniform()];
  const cell = new Int32Array(size);
  const blend = new Float32Array(size);
  for (let x = 0; x < size; x++) {
    const at = offsetX + (x * cells) / size;
    cell[x] = Math.floor(at);
    blend[x] = smoothstep(0, 1, at - Math.floor(at));
  }
  const between = new Float32Array(lattice);
  for (let y = 0; y < size; y++) {
    const at = offsetY + (y * cells) / size;
    const row = Math.floor(at) * lattice;
    const down = smoothstep(0, 1, at - Math.floor(at));
    for (let i = 0; i < lattice; i++) {
      const above = values[row + i] as number;
      between[i] = above + down * ((values[row + lattice + i] as number) - above);
    }
    for (let x = 0, i = y * size; x < size; x++, i++) {
      const left = cell[x] as number;
      const value = between[left] as number;
      const right = between[left + 1] as number;
      plane[i] = (plane[i] as number) + value + (blend[x] as number) * (right - value);
    }
  }
}

/**
 * Noise of several scales: each octave has twice the cells and half the amplitude; values about [−1, 1].
 * Octaves too fine for the plane, below two pixels a cell, are left out.
 */
export function fractalNoise(size: number, cells: number, octaves: number, random: Random): Float32Array {
  const plane = new Float32Array(size * size);
  for (let octave = 0; octave < octaves && cells * 2 ** octave <= size / 2; octave++) {
    addNoise(plane, size, cells * 2 ** octave, 0.7 * 0.5 ** octave, random);
  }
  return plane;
}

/** Raises the plane to `value` within `radius` of a point, fading over one pixel; all in pixels. */
export function stampDisc(
  plane: Float32Array,
  size: number,
  x: number,
  y: number,
  radius: number,
  value: number,
): void {
  const reach = radius + 1;
  const top = Math.max(0, Math.floor(y - reach));
  const bottom = Math.min(size - 1, Math.ceil(y + reach));
  const left = Math.max(0, Math.floor(x - reach));
  const right = Math.min(size - 1, Math.ceil(x + reach));
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      const covered = value * Math.min(1, Math.max(0, radius + 0.5 - distance));
      const at = row * size + column;
      if (covered > (plane[at] as number)) plane[at] = covered;
    }
  }
}
