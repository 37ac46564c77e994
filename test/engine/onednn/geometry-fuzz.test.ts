// A geometry that is changed in one place either still fits its arrays or is refused; nothing around the arrays is
// written to.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { loadBinding, type NativeBinding } from '../../../src/engine/onednn/binding.ts';
import { createRandom } from '../../../src/random.ts';
import { describeNative } from './support.ts';

type Arrays = readonly Float32Array[];
type Run = (native: NativeBinding, arrays: Arrays, geometry: Int32Array) => void;

interface Target {
  /** Lengths of the arrays that `geometry` describes. */
  readonly sizes: readonly number[];
  readonly geometry: readonly number[];
  readonly run: Run;
}

const volume = [1, 2, 3, 4, 2, 4, 2, 2, 2, 2, 3, 4, 1, 1, 1, 1, 1, 1, 0, 0, 0, 2];
const pooling = [1, 2, 4, 4, 2, 1, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 0, 0, 0];
const groups = [2, 3, 4, 2];

/** bfloat16 in the second half of the memory of an array, so that what follows is the same. */
const halves = (array: Float32Array) =>
  new Uint16Array(array.buffer, array.byteOffset + 2 * array.length, array.length);

const targets: Record<string, Target> = {
  conv3d: {
    sizes: [48, 32, 96],
    geometry: volume,
    run: (n, [x, filter, y], g) => n.conv3d(x!, filter!, y!, g),
  },
  conv3dBackpropInput: {
    sizes: [96, 32, 48],
    geometry: volume,
    run: (n, [dy, filter, dx], g) => n.conv3dBackpropInput(dy!, filter!, dx!, g),
  },
  conv3dBackpropFilter: {
    sizes: [48, 96, 32],
    geometry: volume,
    run: (n, [x, dy, dfilter], g) => n.conv3dBackpropFilter(x!, dy!, dfilter!, g),
  },
  maxPool: { sizes: [64, 8], geometry: pooling, run: (n, [x, y], g) => n.maxPool(x!, y!, g) },
  avgPool: { sizes: [64, 8], geometry: pooling, run: (n, [x, y], g) => n.avgPool(x!, y!, g) },
  maxPoolGrad: {
    sizes: [8, 64, 64],
    geometry: pooling,
    run: (n, [dy, x, dx], g) => n.maxPoolGrad(dy!, x!, dx!, g),
  },
  avgPoolGrad: { sizes: [8, 64], geometry: pooling, run: (n, [dy, dx], g) => n.avgPoolGrad(dy!, dx!, g) },
  'maxPool of bfloat16': {
    sizes: [64, 8],
    geometry: pooling,
    run: (n, [x, y], g) => n.maxPool(halves(x!), halves(y!), g),
  },
  'maxPoolGrad of bfloat16': {
    sizes: [8, 64, 64],
    geometry: pooling,
    run: (n, [dy, x, dx], g) => n.maxPoolGrad(halves(dy!), halves(x!), halves(dx!), g),
  },
  'avgPoolGrad of bfloat16': {
    sizes: [8, 64],
    geometry: pooling,
    run: (n, [dy, dx], g) => n.avgPoolGrad(halves(dy!), halves(dx!), g),
  },
  maxPoolWithArgmax: {
    sizes: [64, 8, 8],
    geometry: pooling,
    run: (n, [x, y, indices], g) =>
      n.maxPoolWithArgmax(
        x!,
        y!,
        new Int32Array(indices!.buffer, indices!.byteOffset, indices!.length),
        g,
        true,
      ),
  },
  groupNorm: {
    sizes: [24, 4, 4, 24, 4, 4],
    geometry: groups,
    run: (n, [x, gamma, beta, y, mean, variance], g) =>
      n.groupNorm(x!, gamma!, beta!, y!, mean!, variance!, g, 0.1),
  },
  groupNormGrad: {
    sizes: [24, 24, 4, 4, 4, 24, 4, 4],
    geometry: groups,
    run: (n, [x, dy, mean, variance, gamma, dx, dgamma, dbeta], g) =>
      n.groupNormGrad(x!, dy!, mean!, variance!, gamma!, dx!, dgamma!, dbeta!, g, 0.1),
  },
  gatherAxes: {
    sizes: [24, 12],
    geometry: [3, 2, 3, 4, 2, 2, 3, -1, 0, 2],
    run: (n, [x, out], g) => n.gatherAxes(x!, Int32Array.from([2, 0, 3, 1, 1]), out!, g, 4),
  },
  gatherNd: {
    sizes: [24, 8],
    geometry: [4, 2, 2, 3],
    run: (n, [x, out], g) => n.gatherNd(x!, Int32Array.from([1, 2, 0, 1]), out!, g, 4),
  },
  scatterNd: {
    sizes: [8, 24],
    geometry: [4, 2, 2, 3],
    run: (n, [updates, out], g) => n.scatterNd(updates!, Int32Array.from([1, 2, 0, 1]), out!, g),
  },
  cumsum: { sizes: [24, 24], geometry: [2, 3, 4], run: (n, [x, y], g) => n.cumsum(x!, y!, g, true, true) },
  prod: { sizes: [24, 8], geometry: [2, 3, 4], run: (n, [x, y], g) => n.prod(x!, y!, g) },
  topK: {
    sizes: [12, 4],
    geometry: [2, 6, 2],
    run: (n, [x, values], g) => n.topK(x!, values!, new Int32Array(4), g),
  },
  maxUnpool: {
    sizes: [4, 16],
    geometry: [2, 2, 8],
    run: (n, [x, y], g) => n.maxUnpool(x!, Int32Array.from([0, 7, 3, -1]), y!, g),
  },
  structuralSimilarity: {
    sizes: [120, 120, 3, 96, 2],
    geometry: [2, 5, 4, 3, 3],
    run: (n, [x, y, weights, scratch, out], g) =>
      n.structuralSimilarity(x!, y!, weights!, scratch!, out!, g, 0.1, 0.1),
  },
  lrnGrad: {
    sizes: [12, 12, 12, 12],
    geometry: [3, 4, 2],
    run: (n, [x, y, dy, dx], g) => n.lrnGrad(x!, y!, dy!, dx!, g, 1, 1, 0.5),
  },
};

const values = [-(2 ** 31), -7, -1, 0, 1, 2, 3, 4, 5, 6, 8, 65535, 65536, 2 ** 30, 2 ** 31 - 1];
const guard = 64;
const untouched = 12345;

/** Arrays with guards on both sides, which `check` looks at. */
function guarded(sizes: readonly number[]): { arrays: Arrays; check(what: string): void } {
  const wholes = sizes.map((size) => new Float32Array(size + 2 * guard).fill(untouched));
  const arrays = wholes.map((whole, i) => whole.subarray(guard, guard + sizes[i]!).fill(0.5));
  const check = (what: string) => {
    for (const [i, whole] of wholes.entries()) {
      const around = [...whole.subarray(0, guard), ...whole.subarray(guard + sizes[i]!)];
      assert.ok(
        around.every((value) => value === untouched),
        `${what}: wrote outside of array ${i}`,
      );
    }
  };
  return { arrays, check };
}

describeNative('geometries changed in one or two places', () => {
  for (const [name, { sizes, geometry, run }] of Object.entries(targets)) {
    it(name, () => {
      const native = loadBinding();
      // The geometry itself fits.
      const first = guarded(sizes);
      run(native, first.arrays, Int32Array.from(geometry));
      first.check(name);
      const random = createRandom(13).stream(name);
      let refused = 0;
      for (let i = 0; i < 400; i++) {
        const changed = Int32Array.from(geometry);
        for (let j = 0; j <= i % 2; j++) {
          changed[random.integer(geometry.length)] = values[random.integer(values.length)]!;
        }
        const { arrays, check } = guarded(sizes);
        try {
          run(native, arrays, changed);
        } catch (error) {
          assert.match((error as Error).message, /^native \w+: /, `[${changed}]`);
          refused++;
        }
        check(`[${changed}]`);
      }
      assert.ok(refused > 0);
    });
  }
});
