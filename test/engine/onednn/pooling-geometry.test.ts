// Pooling of any geometry, beside loops that follow its definition.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createRandom } from '../../../src/random.ts';
import { describeNative, nativeBackend } from './support.ts';

interface Axis {
  readonly length: number;
  readonly outputs: number;
  readonly window: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
}

const random = createRandom(3).stream('pooling');
const draw = (least: number, most: number) => least + random.integer(most - least + 1);

function drawAxis(longest: number): Axis {
  const [window, stride, dilation] = [draw(1, 4), draw(1, 4), draw(1, 4) === 1 ? draw(2, 3) : 1];
  const reach = (window - 1) * dilation + 1;
  const padding = draw(0, reach - 1);
  const length = draw(1, longest);
  const outputs = Math.max(1, Math.floor((length + 2 * padding - reach) / stride) + 1);
  return { length, outputs, window, stride, dilation, padding };
}

/** The places under the window of an output. */
function places(axis: Axis, output: number): number[] {
  const taps = Array.from({ length: axis.window }, (_, tap) => tap * axis.dilation);
  const start = output * axis.stride - axis.padding;
  return taps.map((tap) => start + tap).filter((place) => place >= 0 && place < axis.length);
}

/** For every output of a volume, the cells of its window in the order of memory. */
function windowsOf([depth, height, width]: readonly [Axis, Axis, Axis]): number[][] {
  const range = (length: number) => Array.from({ length }, (_, i) => i);
  return range(depth.outputs).flatMap((z) =>
    range(height.outputs).flatMap((y) =>
      range(width.outputs).map((x) =>
        places(depth, z).flatMap((plane) =>
          places(height, y).flatMap((row) =>
            places(width, x).map((column) => (plane * height.length + row) * width.length + column),
          ),
        ),
      ),
    ),
  );
}

describeNative('pooling of any geometry', () => {
  for (let i = 0; i < 40; i++) {
    const axes = [i % 3 === 0 ? drawAxis(6) : drawAxis(1), drawAxis(90), drawAxis(12)] as const;
    const [batch, channels] = [draw(1, 2), [1, 3, 8, 17, 41, 70][draw(0, 5)] as number];
    const members = (key: keyof Axis) => axes.map((axis) => axis[key]);
    const geometry = Int32Array.from([
      batch,
      ...members('length'),
      channels,
      ...(['outputs', 'window', 'stride', 'dilation', 'padding'] as const).flatMap(members),
    ]);
    it(`[${geometry}]`, () => {
      const windows = windowsOf(axes);
      const cells = members('length').reduce((product, length) => product * length, 1);
      const [inputs, outputs] = [batch * cells * channels, batch * windows.length * channels];
      // Of few values, so that there are equal ones.
      const x = Float32Array.from({ length: inputs }, () => draw(-3, 3));
      const dy = Float32Array.from({ length: outputs }, () => draw(-8, 8));
      const expected = {
        maxPool: new Float32Array(outputs),
        avgPool: new Float32Array(outputs),
        maxPoolGrad: new Float32Array(inputs),
        avgPoolGrad: new Float32Array(inputs),
      };
      for (let output = 0; output < outputs; output++) {
        const [channel, row] = [output % channels, Math.floor(output / channels)];
        const volume = Math.floor(row / windows.length) * cells;
        const at = windows[row % windows.length]!.map((cell) => (volume + cell) * channels + channel);
        const values = at.map((index) => x[index]!);
        const largest = Math.max(...values);
        expected.maxPool[output] = largest;
        expected.avgPool[output] = values.reduce((sum, value) => sum + value, 0) / values.length;
        const first = at[values.indexOf(largest)];
        if (first !== undefined) expected.maxPoolGrad[first]! += dy[output]!;
        for (const index of at) expected.avgPoolGrad[index]! += dy[output]! / at.length;
      }
      const { native } = nativeBackend();
      const found = {
        maxPool: new Float32Array(outputs),
        avgPool: new Float32Array(outputs),
        maxPoolGrad: new Float32Array(inputs).fill(NaN),
        avgPoolGrad: new Float32Array(inputs).fill(NaN),
      };
      native.maxPool(x, found.maxPool, geometry);
      native.avgPool(x, found.avgPool, geometry);
      native.maxPoolGrad(dy, x, found.maxPoolGrad, geometry);
      native.avgPoolGrad(dy, found.avgPoolGrad, geometry);
      assert.deepEqual(found.maxPool, expected.maxPool);
      assert.deepEqual(found.maxPoolGrad, expected.maxPoolGrad);
      for (const name of ['avgPool', 'avgPoolGrad'] as const) {
        for (const [index, value] of expected[name].entries()) {
          const difference = Math.abs(found[name][index]! - value);
          assert.ok(
            Number.isNaN(value) ? Number.isNaN(found[name][index]) : difference < 1e-4,
            `${name} ${index}`,
          );
        }
      }
    });
  }
});
