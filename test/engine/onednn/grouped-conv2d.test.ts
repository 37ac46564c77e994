import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { createRandom } from '../../../src/random.ts';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

type Pair = [number, number];
type Shape4D = [number, number, number, number];

interface Case {
  readonly x: Shape4D;
  readonly filter: Pair;
  readonly outputs: number;
  readonly groups: number;
  readonly strides: Pair;
  readonly pad: 'same' | 'valid' | number;
  readonly dilations: Pair;
}

const cases: Case[] = [
  // The convolutions of ResNeXt: groups of 4 channels, of 8, of 16.
  {
    x: [2, 14, 14, 128],
    filter: [3, 3],
    outputs: 128,
    groups: 32,
    strides: [1, 1],
    pad: 'same',
    dilations: [1, 1],
  },
  {
    x: [2, 14, 14, 64],
    filter: [3, 3],
    outputs: 64,
    groups: 8,
    strides: [2, 2],
    pad: 'same',
    dilations: [1, 1],
  },
  { x: [1, 7, 7, 64], filter: [3, 3], outputs: 64, groups: 4, strides: [1, 1], pad: 1, dilations: [1, 1] },
  {
    x: [1, 8, 8, 32],
    filter: [1, 1],
    outputs: 64,
    groups: 2,
    strides: [2, 2],
    pad: 'valid',
    dilations: [1, 1],
  },
  { x: [2, 8, 6, 6], filter: [1, 1], outputs: 9, groups: 3, strides: [2, 1], pad: 'same', dilations: [1, 1] },
  { x: [1, 9, 9, 8], filter: [3, 3], outputs: 4, groups: 4, strides: [1, 1], pad: 'same', dilations: [2, 3] },
];

function drawn(index: number): Case {
  const random = createRandom(37).stream(`groups/${index}`);
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
  const groups = pick([2, 3, 4, 8]);
  const filter: Pair = [pick([1, 2, 3]), pick([1, 2, 3])];
  const strides: Pair = [pick([1, 1, 2]), pick([1, 1, 2])];
  const isStrided = strides.some((stride) => stride > 1);
  const dilations: Pair = isStrided ? [1, 1] : [pick([1, 2]), pick([1, 2])];
  const size = filter.map((length) => length * 2 + pick([0, 1, 4])) as Pair;
  return {
    x: [pick([1, 2]), ...size, groups * pick([1, 2, 8])],
    filter,
    outputs: groups * pick([1, 3, 8]),
    groups,
    strides,
    pad: pick(['same', 'valid']),
    dilations,
  };
}

/** Sums of up to a few hundred products, in another order than JavaScript's. */
const tolerance = { relative: 1e-4, absolute: 1e-4 };

function check({ x, filter, outputs, ...attributes }: Case): void {
  const { groups, strides, dilations, pad } = attributes;
  const filterShape: Shape4D = [...filter, x[3] / groups, outputs];
  const { outShape } = tf.backend_util.computeConv2DInfo(x, filterShape, strides, dilations, pad);
  const operand = {
    x: () => normals('x', x),
    filter: () => normals('filter', filterShape),
    dy: () => normals('dy', outShape),
  };
  const kernel = (name: string, inputs: () => object, more: object = {}) =>
    assertAgrees(name, () => runKernel(name, inputs(), { ...attributes, ...more }), tolerance);
  kernel('GroupedConv2D', () => ({ x: operand.x(), filter: operand.filter() }));
  kernel('GroupedConv2DBackpropInput', () => ({ dy: operand.dy(), filter: operand.filter() }), {
    inputShape: x,
  });
  kernel('GroupedConv2DBackpropFilter', () => ({ x: operand.x(), dy: operand.dy() }), { filterShape });
}

describeNative('native convolutions in groups', () => {
  for (const one of cases) it(JSON.stringify(one), () => check(one));
  for (let index = 0; index < 40; index++) {
    const one = drawn(index);
    it(`drawn: ${JSON.stringify(one)}`, () => check(one));
  }
});
