import * as tf from '@tensorflow/tfjs';
import { crossEntropyPerImage } from '../engine/ops/cross-entropy.ts';
import { softDice } from '../engine/ops/soft-dice.ts';
import { requireSmoothing } from './cross-entropy.ts';
import { requireForeground, requireSmooth } from './dice.ts';
import { defineLoss, requireClassWeights, requireLabel, requireSegmentation, weightsFor } from './loss.ts';

/**
 * Cross-entropy plus one minus the soft Dice of the foreground, for segmentation: the losses `crossEntropy` and `dice`,
 * summed as in Isensee et al. 2018, nnU-Net, arXiv:1809.10486. Throws `UsageError` on logits of classification.
 */
export const diceCrossEntropy = defineLoss({
  defaults: {
    /** Of Dice, in pixels. */
    smooth: 1,
    /** Whether class 0 counts in Dice; in cross-entropy it does. */
    includeBackground: false,
    /** Of cross-entropy. */
    labelSmoothing: 0,
    /** Of cross-entropy. */
    classWeights: [],
    /** A label whose pixels count nowhere, beside the negative ones. */
    ignoreLabel: -1,
  },
  create({ smooth, includeBackground, labelSmoothing, classWeights, ignoreLabel }) {
    requireSmooth('diceCrossEntropy', smooth);
    requireSmoothing('diceCrossEntropy', labelSmoothing);
    requireClassWeights('diceCrossEntropy', classWeights);
    requireLabel('diceCrossEntropy', ignoreLabel);
    return (logits, labels) => {
      requireSegmentation('diceCrossEntropy', logits);
      requireForeground('diceCrossEntropy', logits, includeBackground);
      const weights = weightsFor('diceCrossEntropy', classWeights, logits);
      const entropy = crossEntropyPerImage(logits, labels, { labelSmoothing, ignoreLabel, ...weights });
      return tf.add(entropy, softDice(logits, labels, { smooth, includeBackground, ignoreLabel }));
    };
  },
});
