import * as tf from '@tensorflow/tfjs';
import { sparseCrossEntropy } from '../engine/ops/cross-entropy.ts';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import { counted, defineLoss, meanPerImage, requireLabels } from './loss.ts';

/**
 * Of images with several labels the mean over the labels of sigmoid cross-entropy, −log p where a label is present and
 * −log(1 − p) where it is absent. Labels that are not known are left out.
 *
 * As `torch.nn.functional.binary_cross_entropy_with_logits` of the difference of the two logits, with `pos_weight`; the mean
 * divides by the labels that are known, whatever their weights.
 */
export const binaryCrossEntropy = defineLoss({
  defaults: {
    /** A factor for each label where it is present, in the order of the classes; none: 1 for all. */
    positiveWeights: [],
  },
  create({ positiveWeights }) {
    const weights = positiveWeights as readonly unknown[] as readonly number[];
    const holds = weights.every((weight) => Number.isFinite(weight) && weight >= 0);
    requireOption('binaryCrossEntropy', 'positiveWeights', holds, 'a list of numbers of at least 0', weights);
    return (logits, labels) => {
      requireLabels('binaryCrossEntropy', logits);
      return tf.tidy(() => {
        const losses = sparseCrossEntropy(logits, labels);
        return meanPerImage(losses.mul(factors(weights, labels)), counted(labels));
      });
    };
  },
});

/** What each label of each image counts for. */
function factors(weights: readonly number[], labels: tf.Tensor): tf.Tensor {
  const count = labels.shape[1] as number;
  if (weights.length === 0) return tf.scalar(1);
  if (weights.length !== count) {
    throw new UsageError(
      `Option "positiveWeights" of binaryCrossEntropy: expected a number for each of the ${count} labels, ` +
        `received ${weights.length}.`,
    );
  }
  const present = labels.equal(1).toFloat();
  return present.mul(tf.tensor1d([...weights]).sub(1)).add(1);
}
