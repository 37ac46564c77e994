import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { createRandom } from '../../../src/random.ts';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

type Triple = [depth: number, height: number, width: number];
type Shape5D = [number, number, number, number, number];

interface Case {
  readonly x: Shape5D;
  readonly filter: Triple;
  readonly outputs: number;
  readonly strides: Triple;
  readonly pad: 'same' | 'valid';
}

const cases: Case[] = [
  { x: [2, 4, 5, 6, 3], filter: [3, 3, 3], outputs: 4, strides: [1, 1, 1], pad: 'same' },
  { x: [2, 5, 6, 7, 8], filter: [3, 3, 3], outputs: 16, strides: [1, 1, 1], pad: 'same' },
  { x: [1, 6, 6, 6, 8], filter: [2, 2, 2], outputs: 8, strides: [2, 2, 2], pad: 'valid' },
  { x: [2, 7, 5, 9, 1], filter: [3, 3, 3], outputs: 8, strides: [2, 2, 2], pad: 'same' },
  { x: [2, 4, 6, 5, 5], filter: [1, 1, 1], outputs: 3, strides: [1, 1, 1], pad: 'valid' },
  { x: [2, 4, 6, 6, 8], filter: [1, 1, 1], outputs: 16, strides: [2, 2, 2], pad: 'same' },
  { x: [2, 4, 6, 6, 6], filter: [1, 1, 1], outputs: 4, strides: [2, 1, 1], pad: 'valid' },
  { x: [2, 4, 6, 6, 4], filter: [1, 1, 1], outputs: 6, strides: [1, 2, 2], pad: 'valid' },
  { x: [1, 1, 7, 6, 3], filter: [1, 3, 3], outputs: 4, strides: [1, 1, 1], pad: 'same' },
  { x: [2, 8, 1, 1, 16], filter: [3, 1, 1], outputs: 8, strides: [1, 1, 1], pad: 'same' },
  { x: [1, 5, 4, 3, 8], filter: [3, 3, 1], outputs: 8, strides: [1, 2, 1], pad: 'valid' },
  { x: [1, 1, 1, 1, 8], filter: [3, 3, 3], outputs: 8, strides: [1, 1, 1], pad: 'same' },
];

/** Drawn anew by nobody: the same for everybody. */
function drawn(index: number): Case {
  const random = createRandom(31).stream(`convolution/${index}`);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.uniform() * from.length)]!;
  const triple = (from: readonly number[]): Triple => [pick(from), pick(from), pick(from)];
  const filter = triple([1, 1, 2, 3]);
  const space = filter.map((length) => length + pick([0, 1, 2, 3])) as Triple;
  return {
    x: [pick([1, 2]), ...space, pick([1, 2, 3, 8, 16])],
    filter,
    outputs: pick([1, 3, 8, 16]),
    strides: triple([1, 1, 2, 3]),
    pad: pick(['same', 'valid']),
  };
}

/** Sums of up to a few hundred products, in another order than JavaScript's. */
const tolerance = { relative: 1e-4, absolute: 1e-4 };

function check({ x, filter, outputs, strides, pad }: Case): void {
  const filterShape: Shape5D = [...filter, x[4], outputs];
  const { outShape } = tf.backend_util.computeConv3DInfo(x, filterShape, strides, 1, pad);
  const operand = {
    x: () => normals('x', x),
    filter: () => normals('filter', filterShape),
    dy: () => normals('dy', outShape),
  };
  const forward = () =>
    runKernel('Conv3D', { x: operand.x(), filter: operand.filter() }, { strides, pad, dilations: 1 });
  assertAgrees('Conv3D', forward, tolerance);
  const backpropInput = () =>
    runKernel(
      'Conv3DBackpropInputV2',
      { dy: operand.dy(), filter: operand.filter() },
      { strides, pad, inputShape: x },
    );
  assertAgrees('Conv3DBackpropInputV2', backpropInput, tolerance);
  const backpropFilter = () =>
    runKernel('Conv3DBackpropFilterV2', { x: operand.x(), dy: operand.dy() }, { strides, pad, filterShape });
  assertAgrees('Conv3DBackpropFilterV2', backpropFilter, tolerance);
}

describeNative('native convolutions of volumes', () => {
  for (const one of cases) it(JSON.stringify(one), () => check(one));

  for (let index = 0; index < 40; index++) {
    const one = drawn(index);
    it(`drawn: ${JSON.stringify(one)}`, () => check(one));
  }

  it('dilated', () => {
    for (const dilations of [2, [1, 2, 3]] as const) {
      const body = () =>
        runKernel(
          'Conv3D',
          { x: normals('x', [1, 6, 7, 8, 8]), filter: normals('filter', [3, 2, 2, 8, 8]) },
          { strides: 1, pad: 'same', dilations },
        );
      assertAgrees(JSON.stringify(dilations), body, tolerance);
    }
  });

  it('leaves empty volumes to JavaScript', () => {
    const body = () =>
      runKernel(
        'Conv3D',
        { x: tf.zeros([0, 4, 4, 4, 2]), filter: normals('filter', [3, 3, 3, 2, 2]) },
        { strides: 1, pad: 'same', dilations: 1 },
      );
    assertAgrees('an empty batch', body, { native: false });
  });
});
