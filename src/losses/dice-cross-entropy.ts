import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { crossEntropy } from './cross-entropy.ts';
import { counted, type Loss } from './loss.ts';

/** In pixels, above and below the fraction: a class that is absent costs P / (P + 1), least where none is predicted. */
const smooth = 1;

/** Soft Dice of each foreground class of each image, `[batch, classes − 1]`. */
function softDice(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  const classes = logits.shape.at(-1) as number;
  const mask = counted(labels).expandDims(-1);
  const predicted = tf.softmax(logits).mul(mask);
  const actual = tf.oneHot(labels.toInt(), classes).toFloat().mul(mask);
  const perClass = (values: tf.Tensor) => values.sum([1, 2]).slice([0, 1], [-1, classes - 1]);
  const overlap = perClass(predicted.mul(actual));
  const sizes = perClass(predicted).add(perClass(actual));
  return overlap.mul(2).add(smooth).div(sizes.add(smooth));
}

/**
 * Cross-entropy plus one minus the soft Dice of the foreground, for segmentation.
 *
 * Dice is taken per image and foreground class (class 0 is background) and averaged, so that a small lesion
 * weighs as much as a large one; one pixel is added to both sides of the fraction, which also defines it for
 * images without foreground. Milletari et al. 2016, V-Net, arXiv:1606.04797, section 3, with the denominator
 * unsquared; the sum with cross-entropy as in Isensee et al. 2018, nnU-Net, arXiv:1809.10486.
 * Throws `UsageError` on logits of classification.
 */
export const diceCrossEntropy: Loss = (logits, labels) => {
  if (logits.rank !== 4) {
    throw new UsageError(
      `The loss diceCrossEntropy: expected logits [batch, height, width, classes], received [${logits.shape}]. ` +
        'It is for segmentation; use crossEntropy for classification.',
    );
  }
  const dice = softDice(logits, labels).mean(1);
  return crossEntropy(logits, labels).add(tf.sub(1, dice)) as tf.Tensor1D;
};
