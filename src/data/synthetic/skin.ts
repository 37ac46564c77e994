// Skin under a dermatoscope: colour, texture, hairs, and the light of the instrument.

import type { Random } from '../../random.ts';
import type { Pigments } from './lesion.ts';
import { coordinate, fractalNoise, smoothstep, stampDisc } from './planes.ts';

type Rgb = readonly [red: number, green: number, blue: number];

/** How strongly a density of 1 absorbs each colour: melanin turns skin brown, blood turns it red. */
const melaninAbsorbs: Rgb = [0.52, 1, 1.5];
const bloodAbsorbs: Rgb = [0.1, 0.8, 0.65];
const veilColour: Rgb = [0.4, 0.43, 0.5];
const hairColour: Rgb = [0.13, 0.09, 0.07];

/** Skin of varying tone, pale to light brown, more or less red, under lamps of varying colour. */
function skinTone(random: Random): Rgb {
  const tan = random.uniform() ** 1.5;
  const redness = random.uniform();
  const light = 0.92 + 0.08 * random.uniform();
  const warmth = 0.03 * random.normal();
  return [
    light * (0.93 - 0.12 * tan - 0.05 * (1 - redness)) * (1 + warmth),
    light * (0.8 - 0.15 * tan - 0.13 * redness),
    light * (0.75 - 0.2 * tan - 0.08 * redness) * (1 - 1.6 * warmth),
  ];
}

/** Coverage by hairs, 0 to 1: none on most images, a dozen on some, all roughly along one direction. */
function drawHairs(size: number, random: Random): Float32Array {
  const plane = new Float32Array(size * size);
  const count = random.uniform() < 0.55 ? 0 : 1 + random.integer(12);
  const direction = Math.PI * random.uniform();
  for (let hair = 0; hair < count; hair++) {
    const angle = direction + 0.45 * random.normal();
    const length = size * (0.4 + 0.7 * random.uniform());
    const bend = (0.5 * random.normal()) / length;
    const thickness = (size / 200) * (0.5 + 0.5 * random.uniform());
    const opacity = 0.55 + 0.4 * random.uniform();
    let [x, y, heading] = [size * random.uniform(), size * random.uniform(), angle];
    for (let along = 0; along < length; along += 0.7) {
      stampDisc(plane, size, x, y, thickness, opacity * Math.min(1, thickness * 1.6));
      x += 0.7 * Math.cos(heading);
      y += 0.7 * Math.sin(heading);
      heading += 0.7 * bend;
    }
  }
  return plane;
}

/** Brightness of the light at each pixel: uneven, weaker to the corners, at times cut off by the tube. */
function drawLight(size: number, random: Random): Float32Array {
  const tilt = 0.1 * random.uniform();
  const direction = 2 * Math.PI * random.uniform();
  const [tiltX, tiltY] = [tilt * Math.cos(direction), tilt * Math.sin(direction)];
  const vignette = 0.06 + 0.2 * random.uniform();
  const tube = random.uniform() < 0.25 ? 1.08 + 0.2 * random.uniform() : 9;
  const light = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    const v = coordinate(y, size);
    for (let x = 0; x < size; x++) {
      const u = coordinate(x, size);
      const squared = u * u + v * v;
      const seen = 1 - smoothstep(tube - 0.04, tube + 0.04, Math.sqrt(squared));
      light[y * size + x] =
        (1 + tiltX * u + tiltY * v - vignette * squared * squared * 0.5) * (0.03 + 0.97 * seen);
    }
  }
  return light;
}

/** Lays pigments, hairs and light over skin: `[size, size, 3]` in [0, 1]. */
export function photograph(size: number, pigments: Pigments, random: Random): Float32Array {
  const tone = skinTone(random);
  const blotches = fractalNoise(size, 3, 3, random);
  const grain = fractalNoise(size, size / 5, 2, random);
  const hairs = drawHairs(size, random);
  const light = drawLight(size, random);
  const sensorNoise = 0.006 + 0.01 * random.uniform();
  const noise = random.normals(size * size, 0, sensorNoise);
  const pixels = new Float32Array(size * size * 3);
  for (let i = 0; i < size * size; i++) {
    const freckling = 0.06 * (blotches[i] as number) + 0.035 * (grain[i] as number);
    const melanin = (pigments.melanin[i] as number) + freckling;
    const blood = (pigments.blood[i] as number) + 0.08 * (blotches[i] as number);
    const veil = Math.min(0.85, pigments.veil[i] as number);
    const hair = hairs[i] as number;
    for (let c = 0; c < 3; c++) {
      const absorbed = melanin * (melaninAbsorbs[c] as number) + blood * (bloodAbsorbs[c] as number);
      let value = (tone[c] as number) * Math.exp(-absorbed);
      value += veil * ((veilColour[c] as number) * (0.5 + value) - value);
      value += hair * ((hairColour[c] as number) - value);
      value = value * (light[i] as number) + (noise[i] as number);
      pixels[3 * i + c] = Math.min(1, Math.max(0, value));
    }
  }
  return pixels;
}
