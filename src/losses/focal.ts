import { crossEntropyPerImage } from '../engine/ops/cross-entropy.ts';
import { requireOption } from '../options.ts';
import { defineLoss, requireClassWeights, requireLabel, weightsFor } from './loss.ts';

/**
 * Cross-entropy times (1 − p(label))^gamma, so that what is already right counts little.
 *
 * Lin et al. 2017, Focal loss for dense object detection, arXiv:1708.02002, equation 5, with the softmax of all classes
 * in the place of a sigmoid, and `classWeights` for α; averaged over the pixels of an image and not over the objects.
 */
export const focal = defineLoss({
  defaults: {
    /** 0 is cross-entropy. The paper: 2. */
    gamma: 2,
    /** A factor for each class, in the order of the classes; none: 1 for all. */
    classWeights: [],
    /** A label whose pixels count nowhere, beside the negative ones. */
    ignoreLabel: -1,
  },
  create({ gamma, classWeights, ignoreLabel }) {
    requireOption('focal', 'gamma', gamma >= 0, 'at least 0', gamma);
    requireClassWeights('focal', classWeights);
    requireLabel('focal', ignoreLabel);
    return (logits, labels) => {
      const weights = weightsFor('focal', classWeights, logits);
      return crossEntropyPerImage(logits, labels, { gamma, ignoreLabel, ...weights });
    };
  },
});
