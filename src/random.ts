import { createHash } from 'node:crypto';

/**
 * Seeded randomness without state to save.
 *
 * A stream is a function of (seed, name): the same two give the same numbers on every machine and
 * engine, whatever else was drawn before. `random.stream('shuffle/12')` belongs to epoch 12, so a
 * resumed run draws what an uninterrupted one would, and a new consumer changes nobody else's numbers.
 */
export interface Random {
  readonly seed: number;
  /** An independent stream below this one; the name is a path, such as `pgd/restart-2`. */
  stream(name: string): Random;
  /** Uniform in [0, 1), 24 bits: exact in float32. */
  uniform(): number;
  /** Standard normal (Marsaglia's polar method). */
  normal(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** 0 … length−1 in random order (Fisher–Yates). */
  permutation(length: number): Int32Array;
  /** Uniform float32 in [low, high). */
  uniforms(length: number, low: number, high: number): Float32Array;
  normals(length: number, mean: number, standardDeviation: number): Float32Array;
  /** A positive 31-bit integer, for libraries that take a seed (tfjs takes 0 for "no seed"). */
  integerSeed(): number;
}

/** Four 32-bit words that any change of the text changes. */
function hash(text: string): [number, number, number, number] {
  const digest = createHash('sha256').update(text).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)];
}

/** The generator: sfc32 of Doty-Humphrey's PractRand, one 32-bit word a call. */
function words(seed: [number, number, number, number]): () => number {
  let [a, b, c, counter] = seed;
  const next = () => {
    const word = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    return word >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** The root of all streams of a run. `seed` is any finite number. */
export function createRandom(seed: number, path = ''): Random {
  let word: (() => number) | undefined;
  const uint32 = () => {
    word ??= words(hash(`${seed}:${path}`));
    return word();
  };
  const uniform = () => (uint32() >>> 8) / 2 ** 24;
  let spare: number | undefined;
  const normal = () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const scale = Math.sqrt((-2 * Math.log(s)) / s);
        spare = v * scale;
        return u * scale;
      }
    }
  };
  const integer = (below: number) => Math.floor((uint32() / 2 ** 32) * below);
  return {
    seed,
    stream: (name) => createRandom(seed, path ? `${path}/${name}` : name),
    uniform,
    normal,
    integer,
    permutation(length) {
      const order = Int32Array.from({ length }, (_, i) => i);
      for (let i = length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [order[i], order[j]] = [order[j] as number, order[i] as number];
      }
      return order;
    },
    uniforms(length, low, high) {
      const values = new Float32Array(length);
      for (let i = 0; i < length; i++) values[i] = low + (high - low) * uniform();
      return values;
    },
    normals(length, mean, standardDeviation) {
      const values = new Float32Array(length);
      for (let i = 0; i < length; i++) values[i] = mean + standardDeviation * normal();
      return values;
    },
    integerSeed: () => uint32() >>> 1 || 1,
  };
}
