// No call from JavaScript may read or write outside of an array: what does not fit is an error.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { loadBinding, type NativeBinding } from '../../../src/engine/onednn/binding.ts';
import { describeNative } from './support.ts';

const floats = (length: number) => new Float32Array(length);
const halves = (length: number) => new Uint16Array(length);
const ints = (...values: number[]) => Int32Array.from(values);

type Bad = (native: NativeBinding) => void;

const untyped = (value: unknown) => value as Float32Array;
// 1 × 4 × 4 × 2 pixels, 3 × 3 filters, 3 outputs, 4 × 4 pixels, stride and dilation 1, padding 1.
const convolution = [1, 4, 4, 2, 3, 3, 3, 4, 4, 1, 1, 1, 1, 1, 1, 0];
const pooling = [1, 1, 4, 4, 2, 1, 2, 2, 1, 2, 2, 1, 2, 2, 1, 1, 1, 0, 0, 0];
// 1 × 2 × 3 × 4 × 2 cells, 2 × 2 × 2 filters, 4 outputs, 2 × 3 × 4 cells, stride and dilation 1, no padding, 2 groups.
const volume = [1, 2, 3, 4, 2, 4, 2, 2, 2, 2, 3, 4, 1, 1, 1, 1, 1, 1, 0, 0, 0, 2];

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
    n.conv2d(floats(31), floats(54), null, floats(48), ints(...convolution), false, ints(0, 0)),
  'a small filter': (n) =>
    n.conv2d(floats(32), floats(53), null, floats(48), ints(...convolution), false, ints(0, 0)),
  'a small output': (n) =>
    n.conv2d(floats(32), floats(54), null, floats(47), ints(...convolution), false, ints(0, 0)),
  'a small bias': (n) =>
    n.conv2d(floats(32), floats(54), floats(2), floats(48), ints(...convolution), false, ints(0, 0)),
  'negative padding of a convolution': (n) =>
    n.conv2d(floats(32), floats(54), null, floats(48), ints(...convolution.with(13, -1)), false, ints(0, 0)),
  'a dilation out of range': (n) =>
    n.conv2d(
      floats(32),
      floats(54),
      null,
      floats(48),
      ints(...convolution.with(11, 2 ** 30)),
      false,
      ints(0, 0),
    ),
  'a stride of zero': (n) =>
    n.conv2d(floats(32), floats(54), null, floats(48), ints(...convolution.with(9, 0)), false, ints(0, 0)),
  'a short geometry': (n) =>
    n.conv2dBackpropInput(floats(48), floats(54), floats(32), ints(1, 4, 4), ints(0, 0)),
  'no filter': (n) => n.conv2d(floats(32), null, null, floats(48), ints(...convolution), false, ints(0, 0)),
  'no room for what became of a filter': (n) =>
    n.conv2d(floats(32), floats(54), null, floats(48), ints(...convolution), false, ints(0)),
  'a small gradient': (n) => n.conv2dBackpropFilter(floats(32), floats(48), floats(53), ints(...convolution)),
  'a small volume': (n) => n.conv3d(floats(47), floats(32), floats(96), ints(...volume)),
  'a filter without groups': (n) => n.conv3d(floats(48), floats(64), floats(96), ints(...volume)),
  'groups that do not divide the channels': (n) =>
    n.conv3d(floats(48), floats(32), floats(96), ints(...volume.with(21, 3))),
  'no groups': (n) => n.conv3d(floats(48), floats(32), floats(96), ints(...volume.with(21, 0))),
  'negative padding of a volume': (n) =>
    n.conv3dBackpropInput(floats(96), floats(32), floats(48), ints(...volume.with(18, -1))),
  'a stride of zero of a volume': (n) =>
    n.conv3dBackpropFilter(floats(48), floats(96), floats(32), ints(...volume.with(12, 0))),
  'a short geometry of a volume': (n) =>
    n.conv3d(floats(48), floats(32), floats(96), ints(...volume.slice(0, 21))),
  'a volume beyond all memory': (n) =>
    n.conv3d(floats(48), floats(32), floats(96), ints(...volume.with(1, 2 ** 30).with(2, 2 ** 30))),
  'small matrices': (n) => n.matMul(floats(5), floats(6), floats(4), ints(1, 2, 2, 3, 1, 1), false, false),
  'batches that do not match': (n) =>
    n.matMul(floats(12), floats(18), floats(12), ints(2, 2, 2, 3, 2, 3), false, false),
  'a small pool': (n) => n.maxPool(floats(31), floats(8), ints(...pooling)),
  'a small pooled gradient': (n) => n.avgPoolGrad(floats(8), floats(31), ints(...pooling)),
  'a window of nothing': (n) => n.maxPool(floats(32), floats(8), ints(...pooling.with(8, 0))),
  'groups that do not divide channels': (n) =>
    n.groupNorm(floats(12), floats(3), floats(3), floats(12), floats(4), floats(4), ints(2, 2, 3, 2), 0.1),
  'a normalisation of no groups': (n) =>
    n.groupNorm(floats(12), floats(3), floats(3), floats(12), floats(0), floats(0), ints(2, 2, 3, 0), 0.1),
  'too few statistics of groups': (n) =>
    n.groupNorm(floats(16), floats(4), floats(4), floats(16), floats(3), floats(4), ints(2, 2, 4, 2), 0.1),
  'a small gradient of groups': (n) =>
    n.groupNormGrad(
      ...([
        floats(16),
        floats(16),
        floats(4),
        floats(4),
        floats(4),
        floats(15),
        floats(4),
        floats(4),
      ] as const),
      ints(2, 2, 4, 2),
      0.1,
    ),
  'a gradient of an activation of another size': (n) => n.siluGrad(floats(3), floats(4), floats(3)),
  'an activation of another size': (n) => n.gelu(floats(3), floats(4)),
  'a slope that is no number': (n) =>
    n.leakyReluGrad(floats(3), floats(3), floats(3), untyped('steep') as unknown as number),
  'small indices of a pool': (n) =>
    n.maxPoolWithArgmax(floats(32), floats(8), ints(1, 2), ints(...pooling), false),
  'an index before the image': (n) => n.maxUnpool(floats(2), ints(0, -2), floats(8), ints(1, 2, 8)),
  'an index behind the image': (n) => n.maxUnpool(floats(2), ints(0, 8), floats(8), ints(1, 2, 8)),
  'an index of the next image': (n) =>
    n.maxUnpoolGrad(floats(16), ints(0, 8, 0, 0), floats(4), ints(2, 2, 8)),
  'a small image to unpool': (n) => n.maxUnpool(floats(2), ints(0, 1), floats(7), ints(1, 2, 8)),
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
  'a table of indices that are not there': (n) =>
    n.gatherAxes(floats(6), ints(0, 3), floats(4), ints(2, 2, 3, 2, 2, -1, 0), 4),
  'a table with an index before the axis': (n) =>
    n.gatherAxes(floats(6), ints(0, -1), floats(4), ints(2, 2, 3, 2, 2, -1, 0), 4),
  'a table that is too short': (n) =>
    n.gatherAxes(floats(6), ints(0, 1), floats(4), ints(2, 2, 3, 2, 2, -1, 1), 4),
  'a table at a place before the first': (n) =>
    n.gatherAxes(floats(6), ints(0, 1), floats(4), ints(2, 2, 3, 2, 2, -1, -2), 4),
  'an axis taken whole of another length': (n) =>
    n.gatherAxes(floats(6), ints(0, 1), floats(2), ints(2, 2, 3, 1, 2, -1, 0), 4),
  'a small array to pick from': (n) =>
    n.gatherAxes(floats(5), ints(0, 1), floats(4), ints(2, 2, 3, 2, 2, -1, 0), 4),
  'tuples out of range': (n) => n.gatherNd(floats(6), ints(1, 2, 2, 0), floats(2), ints(1, 2, 2, 3), 4),
  'tuples before the first': (n) => n.gatherNd(floats(6), ints(-1, 2), floats(1), ints(1, 2, 2, 3), 4),
  'half a tuple': (n) => n.gatherNd(floats(6), ints(1, 2, 0), floats(1), ints(1, 2, 2, 3), 4),
  'tuples without axes': (n) => n.gatherNd(floats(6), ints(), floats(1), ints(6, 0), 4),
  'slices beyond all memory': (n) =>
    n.gatherNd(floats(6), ints(0, 0), floats(1), ints(2 ** 30, 2, 2 ** 20, 2 ** 20), 4),
  'updates too few': (n) => n.scatterNd(floats(1), ints(0, 1), floats(4), ints(1, 1, 4)),
  'an update out of range': (n) => n.scatterNd(floats(2), ints(0, 4), floats(4), ints(1, 1, 4)),
  'a small result to scatter to': (n) => n.scatterNd(floats(2), ints(0, 1), floats(3), ints(1, 1, 4)),
  'a scan of another size': (n) => n.cumsum(floats(6), floats(5), ints(1, 6, 1), false, false),
  'a scan along nothing': (n) => n.cumprod(floats(0), floats(0), ints(3, 0, 1), false, false),
  'more of the largest than there are': (n) =>
    n.topK(floats(6), floats(8), ints(...new Array(8)), ints(2, 3, 4)),
  'none of the largest': (n) => n.topK(floats(6), floats(0), ints(), ints(2, 3, 0)),
  'truths of another size': (n) => n.any(new Uint8Array(5), new Uint8Array(2), ints(2, 3, 1)),
  'a negative radius of channels': (n) => n.lrn(floats(6), floats(6), ints(2, 3, -1), 1, 1, 0.5),
  'normalised channels of another size': (n) => n.lrn(floats(6), floats(5), ints(2, 3, 2), 1, 1, 0.5),
  'operands of two sizes': (n) => n.pow(floats(3), floats(2), floats(3)),
  'integers for floats': (n) => n.mod(untyped(ints(1, 2)), floats(2), floats(2)),
  'a pixel that is not there': (n) =>
    n.resizeNearest(floats(4), floats(4), ints(1, 2, 2, 1, 2, 2), ints(0, 2), ints(0, 1)),
  'channels that do not match': (n) =>
    n.batchNormInference(floats(6), floats(2), floats(3), null, null, floats(6), ints(2, 3), 0.1),
  'an empty batch': (n) =>
    n.batchNormTrain(
      floats(0),
      floats(3),
      floats(3),
      floats(0),
      floats(3),
      floats(3),
      ints(0, 3),
      0.1,
      null,
      false,
    ),
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
  'bfloat16 of another size': (n) => n.relu(halves(4), halves(3)),
  'bfloat16 into floats': (n) => n.relu(halves(4), floats(4)),
  'floats to widen': (n) => n.widen(untyped(floats(4)) as unknown as Uint16Array, floats(4)),
  'a small array of what was widened': (n) => n.widen(halves(4), floats(3)),
  'a small array of what was narrowed': (n) => n.narrow(floats(4), halves(3)),
  'a small sum of bfloat16': (n) => n.add(halves(4), halves(4), halves(3), ints(1, 4, 4, 4)),
  'a sum of bfloat16 into floats': (n) => n.add(halves(4), halves(4), floats(4), ints(1, 4, 4, 4)),
  'a small bfloat16 operand': (n) => n.reluGrad(floats(4), halves(3), halves(4), ints(1, 4, 4, 4)),
  'a small bfloat16 input of a convolution': (n) =>
    n.conv2d(halves(31), floats(54), null, floats(48), ints(...convolution), false, ints(0, 0)),
  'a small bfloat16 output of a convolution': (n) =>
    n.conv2d(halves(32), floats(54), null, halves(47), ints(...convolution), false, ints(0, 0)),
  'a small bfloat16 gradient of a convolution': (n) =>
    n.conv2dBackpropInput(halves(47), floats(54), halves(32), ints(...convolution), ints(0, 0)),
  'small bfloat16 operands of a gradient': (n) =>
    n.conv2dBackpropFilter(halves(32), halves(47), floats(54), ints(...convolution)),
  'a small bfloat16 pool': (n) => n.maxPool(halves(32), halves(7), ints(...pooling)),
  'a pool of two kinds': (n) => n.maxPoolGrad(halves(8), floats(32), halves(32), ints(...pooling)),
  'a residual of another kind': (n) =>
    n.batchNormTrain(
      ...([halves(6), floats(3), floats(3), halves(6), floats(3), floats(3), ints(2, 3), 0.1] as const),
      floats(6),
      false,
    ),
  'a small bfloat16 image to resize': (n) =>
    n.resizeNearest(halves(3), halves(4), ints(1, 2, 2, 1, 2, 2), ints(0, 1), ints(0, 1)),
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
