import * as tf from '@tensorflow/tfjs';
import { requireSteps } from '../../attacks/ascend.ts';
import { counted, meanPerImage } from '../../losses/loss.ts';
import { requireOption } from '../../options.ts';
import { attackOptions, defineDefence } from './defence.ts';
import { divergence } from './divergence.ts';
import { pgdFromNearby } from './near-start.ts';

/** Takes a logit out of a maximum or sum. */
const out = 1e30;

/**
 * MART: adversarial training that looks most at the images which the net has wrong when they are clean.
 *
 *   loss(x′, y) − log(1 − max p_k(x′), k ≠ y) + beta · KL(p(x) ‖ p(x′)) · (1 − p_y(x))
 *
 * Wang et al. 2020, Improving adversarial robustness requires revisiting misclassified examples, ICLR 2020. `loss` is
 * the experiment's, cross-entropy in the paper; x′ raises it. Logarithms are taken of logits, so that none saturates,
 * where the authors' code adds small constants. For segmentation, the mean over the pixels that count.
 */
export const mart = defineDefence({
  source: 'Wang et al. 2020, Improving adversarial robustness requires revisiting misclassified examples',
  defaults: {
    ...attackOptions,
    /** What the third term weighs; the authors' code: 6. */
    beta: 6,
    steps: 10,
    /** A fraction of epsilon; the authors' code: 0.007 of 0.031. */
    stepSize: 0.225,
  },
  check(options) {
    requireSteps('mart', options);
    requireOption('mart', 'beta', options.beta >= 0, 'at least 0', options.beta);
  },
  attack: (options) => pgdFromNearby('mart', options),
  lowers({ attacked, clean }, labels, loss, { beta }) {
    const own = oneHot(labels, attacked);
    const unsure = tf.sub(1, tf.logSoftmax(clean).exp().mul(own).sum(-1));
    const places = runnerUp(attacked, own).add(divergence(clean, attacked).mul(unsure).mul(beta));
    return loss(attacked, labels).add(meanPerImage(places, counted(labels)));
  },
});

/** −log(1 − p) of the most probable class but the label. */
function runnerUp(logits: tf.Tensor, own: tf.Tensor): tf.Tensor {
  const best = oneHot(tf.argMax(logits.sub(own.mul(out)), -1), logits);
  const lead = logits
    .mul(best)
    .sum(-1)
    .sub(tf.logSumExp(logits.sub(best.mul(out)), -1));
  return tf.softplus(lead);
}

function oneHot(labels: tf.Tensor, { shape }: tf.Tensor): tf.Tensor {
  return tf.oneHot(labels.toInt(), shape.at(-1) as number).toFloat();
}
