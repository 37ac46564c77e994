import { crossEntropyPerImage } from '../engine/ops/cross-entropy.ts';
import { requireOption } from '../options.ts';
import { defineLoss, requireClassWeights, requireLabel, weightsFor } from './loss.ts';

/**
 * Softmax cross-entropy, −log p(label).
 *
 * Its gradient stays exact where float32 softmax saturates, so that an attack on a confident net still
 * has a direction to follow. Label smoothing and class weights as `torch.nn.functional.cross_entropy`, with one
 * departure: the mean over an image divides by its pixels and not by their weights, so that an image of rare classes
 * keeps its weight in the batch.
 */
export const crossEntropy = defineLoss({
  defaults: {
    /** The share of the target that is spread evenly over all classes. Szegedy et al. 2015, arXiv:1512.00567, section 7. */
    labelSmoothing: 0,
    /** A factor for each class, in the order of the classes; none: 1 for all. */
    classWeights: [],
    /** A label whose pixels count nowhere, beside the negative ones. */
    ignoreLabel: -1,
  },
  create({ labelSmoothing, classWeights, ignoreLabel }) {
    requireSmoothing('crossEntropy', labelSmoothing);
    requireClassWeights('crossEntropy', classWeights);
    requireLabel('crossEntropy', ignoreLabel);
    return (logits, labels) => {
      const weights = weightsFor('crossEntropy', classWeights, logits);
      return crossEntropyPerImage(logits, labels, { labelSmoothing, ignoreLabel, ...weights });
    };
  },
});

export function requireSmoothing(loss: string, smoothing: number): void {
  requireOption(loss, 'labelSmoothing', smoothing >= 0 && smoothing < 1, 'a number in [0, 1)', smoothing);
}
