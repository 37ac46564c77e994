import type * as tf from '@tensorflow/tfjs';
import { softDice } from '../engine/ops/soft-dice.ts';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import { defineLoss, requireLabel, requireSegmentation } from './loss.ts';

/**
 * One minus the soft Dice of the foreground, for segmentation.
 *
 * Dice is taken per image and class (class 0 is background) and averaged, so that a small lesion weighs as much as a
 * large one; `smooth` pixels are added to both sides of the fraction, which also defines it for images without
 * foreground. Milletari et al. 2016, V-Net, arXiv:1606.04797, section 3, with the denominator unsquared.
 * Throws `UsageError` on logits of classification.
 */
export const dice = defineLoss({
  defaults: {
    /** In pixels: a class that is absent costs P / (P + smooth), least where none is predicted. */
    smooth: 1,
    /** Whether class 0 is averaged with the others. */
    includeBackground: false,
    /** A label whose pixels count nowhere, beside the negative ones. */
    ignoreLabel: -1,
  },
  create(options) {
    requireSmooth('dice', options.smooth);
    requireLabel('dice', options.ignoreLabel);
    return (logits, labels) => {
      requireSegmentation('dice', logits);
      requireForeground('dice', logits, options.includeBackground);
      return softDice(logits, labels, options);
    };
  },
});

/** Refuses logits without a class to take the Dice of. */
export function requireForeground(loss: string, logits: tf.Tensor, includeBackground: boolean): void {
  if (includeBackground || (logits.shape.at(-1) as number) > 1) return;
  throw new UsageError(
    `The loss ${loss}: expected logits of two classes at least, the first being background, received [${logits.shape}]. ` +
      'With includeBackground one is enough.',
  );
}

export function requireSmooth(loss: string, smooth: number): void {
  requireOption(loss, 'smooth', smooth > 0, 'more than 0', smooth);
}
