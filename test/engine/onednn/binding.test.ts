// No call from JavaScript may read or write outside of an array: what does not fit is an error.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { loadBinding, type NativeBinding } from '../../../src/engine/onednn/binding.ts';
import { describeNative } from './support.ts';

const floats = (length: number) => new Float32Array(length);
const ints = (...values: number[]) => Int32Array.from(values);

type Bad = (native: NativeBinding) => void;

const untyped = (value: unknown) => value as Float32Array;
// 1 × 4 × 4 × 2 pixels, 3 × 3 filters, 3 outputs, 4 × 4 pixels, stride and dilation 1, padding 1.
const convolution = [1, 4, 4, 2, 3, 3, 3, 4, 4, 1, 1, 1, 1, 1, 1, 0];
const pooling = [1, 4, 4, 2, 2, 2, 2, 2, 2, 2, 1, 1, 0, 0];

const bad: Record<string, Bad> = {
  'an array too short': (n) => n.relu(floats(4), floats(3)),
  'an array too long': (n) => n.relu(floats(4), floats(5)),
  'another type': (n) => n.relu(untyped(new Float64Array(4)), floats(4)),
  'no array': (n) => n.relu(untyped('text'), floats(4)),
  'a missing argument': (n) => (n.relu as (x: Float32Array) => void)(floats(4)),
  'shapes that do not broadcast': (n) => n.add(floats(2), floats(3), floats(3), ints(1, 3, 2, 3)),
  'a shape larger than its array': (n) => n.add(floats(3), floats(3), floats(3), ints(1, 4, 4, 4)),
  'a negative length': (n) => n.add(floats(3), floats(3), floats(3), ints(1, -3, -3, -3)),
  'a rank without its lengths': (n) => n.add(floats(3), floats(3), floats(3), ints(4, 1)),
  'a rank out of range': (n) => n.add(floats(3), floats(3), floats(3), ints(99)),
  'a product beyond all memory': (n) =>
    n.add(floats(3), floats(3), floats(3), ints(4, ...new Array(12).fill(2 ** 31 - 1))),
  'a small input of a convolution': (n) =>
    n.conv2d(floats(31), floats(54), null, floats(48), ints(...convolution), false),
  'a small filter': (n) => n.conv2d(floats(32), floats(53), null, floats(48), ints(...convolution), false),
  'a small output': (n) => n.conv2d(floats(32), floats(54), null, floats(47), ints(...convolution), false),
  'a small bias': (n) => n.conv2d(floats(32), floats(54), floats(2), floats(48), ints(...convolution), false),
  'negative padding of a convolution': (n) =>
    n.conv2d(floats(32), floats(54), null, floats(48), ints(...convolution.with(13, -1)), false),
  'a dilation out of range': (n) =>
    n.conv2d(floats(32), floats(54), null, floats(48), ints(...convolution.with(11, 2 ** 30)), false),
  'a stride of zero': (n) =>
    n.conv2d(floats(32), floats(54), null, floats(48), ints(...convolution.with(9, 0)), false),
  'a short geometry': (n) => n.conv2dBackpropInput(floats(48), floats(54), floats(32), ints(1, 4, 4)),
  'a small gradient': (n) => n.conv2dBackpropFilter(floats(32), floats(48), floats(53), ints(...convolution)),
  'small matrices': (n) => n.matMul(floats(5), floats(6), floats(4), ints(1, 2, 2, 3, 1, 1), false, false),
  'batches that do not match': (n) =>
    n.matMul(floats(12), floats(18), floats(12), ints(2, 2, 2, 3, 2, 3), false, false),
  'a small pool': (n) => n.maxPool(floats(31), floats(8), ints(...pooling)),
  'a small pooled gradient': (n) => n.avgPoolGrad(floats(8), floats(31), ints(...pooling)),
  'a slice beyond the end': (n) => n.slice(floats(4), floats(2), ints(1, 4, 3, 2), 4),
  'a slice from before the start': (n) => n.slice(floats(4), floats(2), ints(1, 4, -1, 2), 4),
  'elements of three bytes': (n) => n.slice(floats(4), floats(2), ints(1, 4, 0, 2), 3),
  'negative padding': (n) => n.pad(floats(4), floats(2), ints(1, 4, -2, 0), 4, 0),
  'an axis twice': (n) => n.transpose(floats(4), floats(4), ints(2, 2, 2, 1, 1), 4),
  'an axis that is not there': (n) => n.transpose(floats(4), floats(4), ints(2, 2, 2, 0, 2), 4),
  'a tile that is no multiple': (n) => n.tile(floats(2), floats(3), ints(1, 2, 3), 4),
  'blocks of other sizes': (n) => n.concat([floats(2), floats(3)], floats(5), ints(1, 8, 8)),
  'a list that is none': (n) => n.concat(untyped(3) as unknown as Float32Array[], floats(5), ints(1, 8)),
  'an index that is not there': (n) => n.gather(floats(4), ints(2), floats(2), ints(2, 8)),
  'a pixel that is not there': (n) =>
    n.resizeNearest(floats(4), floats(4), ints(1, 2, 2, 1, 2, 2), ints(0, 2), ints(0, 1)),
  'channels that do not match': (n) =>
    n.batchNormInference(floats(6), floats(2), floats(3), null, null, floats(6), ints(2, 3), 0.1),
  'an empty batch': (n) =>
    n.batchNormTrain(floats(0), floats(3), floats(3), floats(0), floats(3), floats(3), ints(0, 3), 0.1),
  'labels too few': (n) =>
    n.sparseCrossEntropy(floats(6), ints(0), floats(3), floats(2), floats(1), ints(1, 2, 3, -1), 0, 0),
  'a weight too few': (n) =>
    n.sparseCrossEntropy(floats(6), ints(0, 1), floats(2), floats(2), floats(1), ints(1, 2, 3, -1), 0, 0),
  'a gradient of too few images': (n) =>
    n.sparseCrossEntropyGrad(
      floats(6),
      ints(0, 1),
      floats(3),
      floats(1),
      floats(2),
      floats(6),
      ints(2, 1, 3, -1),
      0,
      0,
    ),
  'a scratch too short': (n) =>
    n.softDice(floats(6), ints(0, 1), floats(9), floats(1), floats(6), ints(1, 2, 3, -1, 1, 1), 1),
  'a first class that is none': (n) =>
    n.softDice(floats(6), ints(0, 1), floats(9), floats(1), floats(6), ints(1, 2, 3, -1, 3, 2), 1),
  'chunks of no places': (n) =>
    n.softDice(floats(6), ints(0, 1), floats(9), floats(1), floats(6), ints(1, 2, 3, -1, 1, 0), 1),
  'slopes of other classes': (n) =>
    n.softDiceGrad(floats(6), ints(0, 1), floats(4), floats(1), floats(6), ints(1, 2, 3, -1)),
  'a gradient of another size': (n) =>
    n.applyMomentum([floats(3), floats(3)], [floats(2)], floats(1), 0, 1, -1, 0.1, 0.9, false),
  'a slot of another size': (n) =>
    n.applyAdam(
      [floats(3), floats(3), floats(4)],
      [floats(3)],
      floats(1),
      0,
      1,
      -1,
      0.1,
      0.9,
      0.9,
      1,
      1,
      true,
    ),
  'a weight without its average': (n) =>
    n.applyRmsProp([floats(3), floats(3), floats(3)], [floats(3)], floats(1), 0, 1, 0.9, 0.1, 0.9, 0, 1),
  'a weight decay too few': (n) =>
    n.applyMomentum([floats(3), floats(3)], [floats(3)], floats(0), 0, 1, -1, 0.1, 0.9, false),
  'gradients of another type': (n) => n.gradientNorm([untyped(new Int32Array(3))], floats(1), 0),
  'a norm without a place': (n) => n.gradientNorm([floats(3)], floats(0), 0),
  'a number that is none': (n) => n.clipByValue(floats(3), floats(3), untyped('low') as unknown as number, 1),
  'terms of other sizes': (n) => n.addN([floats(3), floats(4)], floats(3)),
  'no threads': (n) => n.setThreads(0),
};

describeNative('native functions', () => {
  for (const [what, call] of Object.entries(bad)) {
    it(`refuse ${what}`, () => {
      assert.throws(
        () => call(loadBinding()),
        (error: unknown) => error instanceof Error && /^native \w+: /.test(error.message),
      );
    });
  }

  it('take parts of larger arrays for what they are', () => {
    const whole = Float32Array.from([9, -1, 2, 9]);
    const out = new Float32Array(4).fill(7);
    loadBinding().relu(whole.subarray(1, 3), out.subarray(1, 3));
    assert.deepEqual([...out], [7, 0, 2, 7]);
  });
});
