import * as tf from '@tensorflow/tfjs';
import { requireSteps } from './ascend.ts';
import { defineAttack } from './attack.ts';
import { beats, unfinished } from './best.ts';
import { norms } from './norms.ts';
import { takeRows } from './rows.ts';

const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * One perturbation for all images of a batch: steps along the sum of the gradients of those that it does not fool yet.
 *
 * What it takes of the metric, one camera or scanner setting could take of every image; the larger the batch, the less
 * the perturbation can fit single images. The idea is Moosavi-Dezfooli et al. 2016, arXiv:1610.08401; the ascent is
 * Shafahi et al. 2018, arXiv:1811.11304, with images that are finished left out in the place of their bounded loss.
 * Returns the perturbation with the lowest mean score, then the highest mean loss, clipped to [0, 1] at each image. In a
 * robustness curve it is one for the images of a batch that are right when clean, and stands at larger epsilons until
 * another one leaves these a lower mean score.
 */
export const universal = defineAttack({
  norms: ['linf', 'l2'],
  together: true,
  defaults: {
    steps: 40,
    /** A fraction of epsilon. */
    stepSize: 0.1,
  },
  check: (options) => requireSteps('universal', options),
  perturb(images, context, { steps, stepSize }) {
    const { epsilon, norm } = context.ball;
    const [, height, width, channels] = images.shape;
    const apply = (perturbation: tf.Tensor4D) => tf.clipByValue<tf.Tensor4D>(images.add(perturbation), 0, 1);
    let current: tf.Tensor4D = tf.zeros([1, height, width, channels]);
    let best = { perturbation: current, score: Number.POSITIVE_INFINITY, loss: Number.NEGATIVE_INFINITY };
    for (let step = 0; step <= steps; step++) {
      const next = tf.tidy(() => {
        const moved = apply(current);
        const { losses, scores, gradient } = context.probe(moved);
        const [score, loss] = [mean(scores), mean(losses)];
        if (beats({ score, loss }, best)) best = { perturbation: current, score, loss };
        const open = unfinished({ scores });
        if (step === steps || open.length === 0) return undefined;
        const along = takeRows(gradient, open).sum<tf.Tensor4D>(0, true);
        const raised = current.add<tf.Tensor4D>(context.ball.ascent(along).mul(stepSize * epsilon));
        return norms[norm].limit(raised, epsilon, current);
      });
      if (!next) break;
      current = next;
    }
    return apply(best.perturbation);
  },
});
