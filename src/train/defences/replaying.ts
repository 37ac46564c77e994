import * as tf from '@tensorflow/tfjs';
import { createBall } from '../../attacks/ball.ts';
import { valueAndGradients } from '../../engine/backward.ts';
import { trainableWeights, trainingLoss } from '../step.ts';
import type { Bound } from './create.ts';
import { attackedCount, type CommonOptions, type Defence, threatAt } from './defence.ts';
import { parted } from './parted.ts';

/**
 * A defence that takes several steps on each batch. One pass back gives the gradients of the weights and, for the next
 * step, of the images. The perturbation is kept for a whole batch, image by place; one that is smaller takes the first.
 */
export function replaying(replays: number, options: CommonOptions, bound: Bound): Defence {
  const { net, loss, batchSize } = bound;
  const [, ...imageShape] = net.model.inputs[0]!.shape as [null, number, number, number];
  const kept = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R4>([batchSize, ...imageShape]), false));
  return {
    replays,
    slots: [{ name: 'perturbation', variable: kept }],
    lossAndGradients({ images: all, labels }, { elapsed }) {
      const threat = threatAt(options, elapsed);
      const weights = trainableWeights(net);
      const count = attackedCount(options, all.shape[0]);
      const [clean, rest] = parted(all, count);
      const [perturbation, others] = parted<tf.Tensor4D>(kept, count);
      const ball = createBall(clean, threat);
      const moved = tf.tidy(() => ball.project(clean.add(perturbation)));
      const lossOf = () =>
        trainingLoss(net, loss, { images: rest ? tf.concat([moved, rest]) : moved, labels });
      const { value, gradients } = valueAndGradients(lossOf, [...weights, moved]);
      const ofImages = gradients.at(-1) as tf.Tensor4D;
      tf.tidy(() => {
        const next = ball.project(moved.add(ball.ascent(ofImages, moved).mul(threat.epsilon)));
        const change = next.sub<tf.Tensor4D>(clean);
        kept.assign(others ? tf.concat([change, others]) : change);
      });
      tf.dispose([
        moved,
        ofImages,
        ...(rest ? [clean, rest] : []),
        ...(others ? [perturbation, others] : []),
      ]);
      return { value, gradients: gradients.slice(0, -1) };
    },
    [Symbol.dispose]: () => kept.dispose(),
  };
}
