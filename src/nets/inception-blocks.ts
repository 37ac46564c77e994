// The modules of Inception v3: Szegedy et al. 2015, Rethinking the inception architecture for computer
// vision, arXiv:1512.00567. Each runs several towers of convolutions side by side and stacks what they give.

import type * as tf from '@tensorflow/tfjs';
import {
  averagePool,
  type ConvSettings,
  concatenate,
  convNormRelu,
  dense,
  globalAveragePool,
  maxPool,
  type Style,
} from './blocks.ts';
import { glorotUniform } from './initialisers.ts';

type X = tf.SymbolicTensor;
type Step = Omit<ConvSettings, 'name'>;

/** Convolutions in a row, named `<name>.1`, `<name>.2`, … */
export function tower(style: Style, input: X, name: string, steps: readonly Step[]): X {
  return steps.reduce((x, step, i) => convNormRelu(style, x, { ...step, name: `${name}.${i + 1}` }), input);
}

function poolTower(style: Style, x: X, name: string, filters: number): X {
  const pooled = averagePool(x, { name: `${name}.average`, size: 3, stride: 1, padding: 'same' });
  return tower(style, pooled, name, [{ filters, size: 1 }]);
}

/** Channels of each tower, first convolution first. */
export interface ModuleAWidths {
  readonly one: number;
  readonly five: readonly [number, number];
  /** The second and the third convolution are equally wide. */
  readonly three: readonly [number, number];
  readonly pool: number;
}

/** Module for 35 × 35 maps, figure 5 of the paper with its 5 × 5 tower kept, as in the published nets. */
export function moduleA(style: Style, x: X, name: string, { one, five, three, pool }: ModuleAWidths): X {
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: one, size: 1 }]),
    tower(style, x, `${name}.5x5`, [
      { filters: five[0], size: 1 },
      { filters: five[1], size: 5 },
    ]),
    tower(style, x, `${name}.3x3`, [
      { filters: three[0], size: 1 },
      { filters: three[1], size: 3 },
      { filters: three[1], size: 3 },
    ]),
    poolTower(style, x, `${name}.pool`, pool),
  ];
  return concatenate(towers, `${name}.concat`);
}

export interface ReductionAWidths {
  readonly single: number;
  readonly double: readonly [number, number];
}

/** Halves 35 × 35 maps to 17 × 17. */
export function reductionA(style: Style, x: X, name: string, { single, double }: ReductionAWidths): X {
  const towers = [
    tower(style, x, `${name}.single`, [{ filters: single, size: 3, stride: 2, padding: 'valid' }]),
    tower(style, x, `${name}.double`, [
      { filters: double[0], size: 1 },
      { filters: double[1], size: 3 },
      { filters: double[1], size: 3, stride: 2, padding: 'valid' },
    ]),
    maxPool(x, { name: `${name}.pool`, size: 3, stride: 2 }),
  ];
  return concatenate(towers, `${name}.concat`);
}

export interface ModuleBWidths {
  readonly one: number;
  /** Of all convolutions of the two 7 × 7 towers but the last, and of the last. */
  readonly seven: readonly [number, number];
  readonly pool: number;
}

/** Module for 17 × 17 maps: 7 × 7 convolutions taken apart into 1 × 7 and 7 × 1, figure 6. */
export function moduleB(style: Style, x: X, name: string, { one, seven, pool }: ModuleBWidths): X {
  const [inner, last] = seven;
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: one, size: 1 }]),
    tower(style, x, `${name}.7x7`, [
      { filters: inner, size: 1 },
      { filters: inner, size: [1, 7] },
      { filters: last, size: [7, 1] },
    ]),
    tower(style, x, `${name}.7x7twice`, [
      { filters: inner, size: 1 },
      { filters: inner, size: [7, 1] },
      { filters: inner, size: [1, 7] },
      { filters: inner, size: [7, 1] },
      { filters: last, size: [1, 7] },
    ]),
    poolTower(style, x, `${name}.pool`, pool),
  ];
  return concatenate(towers, `${name}.concat`);
}

export interface ReductionBWidths {
  readonly three: readonly [number, number];
  readonly seven: readonly [number, number];
}

/** Halves 17 × 17 maps to 8 × 8. */
export function reductionB(style: Style, x: X, name: string, { three, seven }: ReductionBWidths): X {
  const towers = [
    tower(style, x, `${name}.3x3`, [
      { filters: three[0], size: 1 },
      { filters: three[1], size: 3, stride: 2, padding: 'valid' },
    ]),
    tower(style, x, `${name}.7x7`, [
      { filters: seven[0], size: 1 },
      { filters: seven[0], size: [1, 7] },
      { filters: seven[0], size: [7, 1] },
      { filters: seven[1], size: 3, stride: 2, padding: 'valid' },
    ]),
    maxPool(x, { name: `${name}.pool`, size: 3, stride: 2 }),
  ];
  return concatenate(towers, `${name}.concat`);
}

export interface ModuleCWidths {
  readonly one: number;
  /** Of the convolutions before the fork, and of each of its two arms. */
  readonly single: readonly [number, number];
  readonly double: readonly [number, number, number];
  readonly pool: number;
}

/** Module for 8 × 8 maps: towers that fork into 1 × 3 and 3 × 1, figure 7. */
export function moduleC(style: Style, x: X, name: string, { one, single, double, pool }: ModuleCWidths): X {
  const fork = (input: X, tower: string, filters: number) => [
    convNormRelu(style, input, { name: `${tower}.1x3`, filters, size: [1, 3] }),
    convNormRelu(style, input, { name: `${tower}.3x1`, filters, size: [3, 1] }),
  ];
  const singleTrunk = tower(style, x, `${name}.single`, [{ filters: single[0], size: 1 }]);
  const doubleTrunk = tower(style, x, `${name}.double`, [
    { filters: double[0], size: 1 },
    { filters: double[1], size: 3 },
  ]);
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: one, size: 1 }]),
    ...fork(singleTrunk, `${name}.single`, single[1]),
    ...fork(doubleTrunk, `${name}.double`, double[2]),
    poolTower(style, x, `${name}.pool`, pool),
  ];
  return concatenate(towers, `${name}.concat`);
}

/**
 * The auxiliary classifier of figure 8. A map smaller than a window is taken whole: below 17 × 17 by the
 * convolution, below 5 × 5 by the pool too.
 */
export function auxiliaryHead(
  style: Style,
  input: X,
  name: string,
  widths: { readonly reduce: number; readonly features: number; readonly classes: number },
): X {
  const fitting = (x: X): [number, number] => [
    Math.min(5, x.shape[1] as number),
    Math.min(5, x.shape[2] as number),
  ];
  let x = averagePool(input, { name: `${name}.pool`, size: fitting(input), stride: 3 });
  x = convNormRelu(style, x, { name: `${name}.conv1`, filters: widths.reduce, size: 1 });
  x = convNormRelu(style, x, {
    name: `${name}.conv2`,
    filters: widths.features,
    size: fitting(x),
    padding: 'valid',
  });
  return dense(
    style.random,
    globalAveragePool(x, `${name}.gap`),
    `${name}.logits`,
    widths.classes,
    glorotUniform,
  );
}
