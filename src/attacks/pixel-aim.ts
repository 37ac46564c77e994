// What an attack on a segmenter is after: which pixels, and what the net shall take them for.

import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { requireOption, type Widen } from '../options.ts';
import type { AttackContext } from './attack.ts';
import { rowsOf } from './rows.ts';

/** Options that all attacks on segmenters take. */
export const aimOptions = {
  /** Which pixels are attacked, by their labels: `all`, `foreground`, or the number of a class, such as `2`. */
  pixels: 'all',
  /**
   * `away` from the label, or what the net shall take the pixels for: `background`; `swap`, each foreground class for
   * the next and the last one for the first (a single one is swapped with the background); `dilate`, class `dilated`
   * grown by `radius` pixels to all sides. A targeted attack goes for its goals, whatever stands here.
   */
  towards: 'away',
  dilated: 1,
  radius: 3,
  /** A factor for each class, by the label or goal of a pixel; none: 1 for all. */
  classWeights: [],
  /** A label whose pixels are left alone, beside the negative ones. */
  ignoreLabel: -1,
} as const;

export type AimOptions = Widen<typeof aimOptions>;

const TOWARDS = ['away', 'background', 'swap', 'dilate'];

export function checkAim(owner: string, options: AimOptions): void {
  const { pixels, towards, dilated, radius, classWeights, ignoreLabel } = options;
  const known = pixels === 'all' || pixels === 'foreground' || /^\d+$/.test(pixels);
  requireOption(owner, 'pixels', known, 'all, foreground or the number of a class', pixels);
  requireOption(owner, 'towards', TOWARDS.includes(towards), TOWARDS.join(', '), towards);
  requireOption(
    owner,
    'dilated',
    Number.isInteger(dilated) && dilated >= 0,
    'the number of a class',
    dilated,
  );
  requireOption(owner, 'radius', Number.isInteger(radius) && radius >= 1, 'a whole number from 1', radius);
  const weights = classWeights as readonly unknown[];
  const fit = weights.every((weight) => Number.isFinite(weight) && (weight as number) >= 0);
  requireOption(owner, 'classWeights', fit, 'a list of numbers of at least 0', weights);
  requireOption(owner, 'ignoreLabel', Number.isInteger(ignoreLabel), 'a whole number', ignoreLabel);
}

/** What is known of each pixel of `[batch, height, width]`. */
export interface Aimed {
  /** int32: the label to get away from, or the goal; negative where a pixel is left alone. */
  readonly map: tf.Tensor;
  /** What a pixel counts for; 0 where it is left alone. */
  readonly weights: tf.Tensor;
}

export interface Aim {
  /** Whether maps hold goals. */
  readonly towards: boolean;
  /** Of the labels, or goals, that the context gives to a loss. */
  at(places: tf.Tensor, classes: number): Aimed;
  /** Turns what is to be raised into what `probe` and `judge` expect of a loss: these lower it towards goals. */
  raised(value: tf.Tensor1D): tf.Tensor1D;
}

function swapped(labels: tf.Tensor, classes: number): tf.Tensor {
  if (classes === 2) return tf.sub(tf.scalar(1, 'int32'), labels);
  const next = labels.add(tf.scalar(1, 'int32'));
  const wrapped = tf.where(next.equal(classes), tf.onesLike(labels), next);
  return tf.where(labels.greater(0), wrapped, labels);
}

function dilate(labels: tf.Tensor, dilated: number, radius: number): tf.Tensor {
  const own = labels.equal(dilated).toFloat().expandDims(-1) as tf.Tensor4D;
  const grown = tf
    .maxPool(own, 2 * radius + 1, 1, 'same')
    .squeeze([-1])
    .greater(0);
  return tf.where(grown, tf.fill(labels.shape, dilated, 'int32'), labels);
}

function goalsOf(labels: tf.Tensor, classes: number, { towards, dilated, radius }: AimOptions): tf.Tensor {
  if (towards === 'background') return tf.zerosLike(labels);
  if (towards === 'swap') return swapped(labels, classes);
  if (towards === 'dilate') return dilate(labels, dilated, radius);
  return labels;
}

/** Where the labels say that a pixel is attacked. */
function attacked(labels: tf.Tensor, { pixels, ignoreLabel }: AimOptions): tf.Tensor {
  const counted = labels.greaterEqual(0).logicalAnd(labels.notEqual(ignoreLabel));
  if (pixels === 'all') return counted;
  const chosen = pixels === 'foreground' ? labels.greater(0) : labels.equal(Number(pixels));
  return counted.logicalAnd(chosen);
}

/**
 * Images with a pixel that is aimed at. Of the others there is no gradient, which must not pass for a masked one.
 *
 * Throws `UsageError` as `Aim.at` does, where there are none.
 */
export function aimedRows(images: tf.Tensor4D, context: AttackContext, options: AimOptions): number[] {
  const { labels, goals } = context;
  const counted = rowsOf(
    tf.tidy(() => (goals ? goals.greaterEqual(0) : attacked(labels, options)).toFloat()),
  );
  const rows = [...counted.keys()].filter((i) => counted[i]?.includes(1));
  if (rows.length === 0) {
    tf.tidy(() => {
      const classes = context.logits(images).shape.at(-1) as number;
      aimOf(options, context).at(goals ?? labels, classes);
    });
  }
  return rows;
}

function weightsOf(map: tf.Tensor, classes: number, classWeights: readonly number[]): tf.Tensor {
  if (classWeights.length === 0) return map.greaterEqual(0).toFloat();
  if (classWeights.length !== classes) {
    throw new UsageError(
      `Option "classWeights" of an attack: expected a number for each of the ${classes} classes, ` +
        `received ${classWeights.length}.`,
    );
  }
  return tf
    .oneHot(map.toInt(), classes)
    .toFloat()
    .mul(tf.tensor1d([...classWeights]))
    .sum(-1);
}

/** Refuses a class that the net has not. */
function requireClass(option: string, label: number, classes: number): void {
  if (label < classes) return;
  throw new UsageError(
    `Option "${option}" of an attack: expected the number of a class, below ${classes}, received ${label}.`,
  );
}

/** What the options mean in this context. */
export function aimOf(options: AimOptions, { goals }: Pick<AttackContext, 'goals'>): Aim {
  const classWeights = options.classWeights as readonly unknown[] as readonly number[];
  return {
    towards: goals !== undefined || options.towards !== 'away',
    at(places, classes) {
      if (/^\d+$/.test(options.pixels)) requireClass('pixels', Number(options.pixels), classes);
      if (options.towards === 'dilate') requireClass('dilated', options.dilated, classes);
      const map = goals
        ? places
        : tf.where(
            attacked(places, options),
            goalsOf(places, classes, options),
            tf.fill(places.shape, -1, 'int32'),
          );
      return { map, weights: weightsOf(map, classes, classWeights) };
    },
    raised: (value) => (goals ? value.neg() : value),
  };
}
