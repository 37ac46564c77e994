import { sparseCrossEntropy } from '../engine/ops/cross-entropy.ts';
import { counted, type Loss, meanPerImage } from './loss.ts';

/**
 * Softmax cross-entropy, −log p(label).
 *
 * Its gradient stays exact where float32 softmax saturates, so that an attack on a confident net still
 * has a direction to follow.
 */
export const crossEntropy: Loss = (logits, labels) =>
  meanPerImage(sparseCrossEntropy(logits, labels), counted(labels));
