import { createRandom, type Random } from '../../src/random.ts';

/** Draws zeros: drawing the weights of large nets would take most of the time that building them takes. */
export const zeros: Random = {
  ...createRandom(0),
  stream: () => zeros,
  uniforms: (length) => new Float32Array(length),
  normals: (length) => new Float32Array(length),
};
