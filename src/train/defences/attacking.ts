import * as tf from '@tensorflow/tfjs';
import { craft } from '../../attacks/craft.ts';
import type { Batch } from '../../data/dataset.ts';
import { valueAndGradients } from '../../engine/backward.ts';
import { runInTraining } from '../../engine/model/run.ts';
import type { Random } from '../../random.ts';
import { type InferenceTarget, inference } from '../../robustness/target.ts';
import { meanOverHeads, trainableWeights, trainingLoss } from '../step.ts';
import type { Bound } from './create.ts';
import {
  attackedCount,
  type CommonOptions,
  type Defence,
  type DefenceDefinition,
  threatAt,
} from './defence.ts';
import { parted } from './parted.ts';
import { atWorstWeights } from './weight-perturbation.ts';

type Attacking = Extract<DefenceDefinition, { readonly replays?: undefined }>;

/**
 * A defence that attacks the batch and then takes a step. The attack is on the net in inference mode, by gradients of
 * its images alone: it moves neither weights nor statistics. The step is in training mode, clean images before attacked.
 */
export function attacking(definition: Attacking, options: CommonOptions, bound: Bound): Defence {
  const { net, loss, random } = bound;
  const target = inference(net.model);
  const { lowers } = definition;
  const awp = options.awp as number;
  const lossOf = (batch: Batch, attacked: tf.Tensor4D): tf.Scalar => {
    const { images, labels } = batch;
    if (!lowers) return trainingLoss(net, loss, { images: attacked, labels });
    const clean = runInTraining(net.model, images);
    const heads = runInTraining(net.model, attacked).map((logits, head) =>
      lowers({ attacked: logits, clean: clean[head] as tf.Tensor }, labels, loss, options),
    );
    return meanOverHeads(net, heads);
  };
  return {
    replays: 1,
    slots: [],
    lossAndGradients(batch, { step, elapsed, part = 0 }) {
      const threat = threatAt(options, elapsed);
      const attacked = attack(definition, options, {
        ...bound,
        target,
        batch,
        threat,
        random: random.stream(part === 0 ? `${step}` : `${step}/${part}`),
      });
      const ofBatch = () => lossOf(batch, attacked);
      try {
        // Weights are perturbed once the images are, to the full.
        if (awp > 0 && elapsed >= options.warmUp) return atWorstWeights(net, awp, ofBatch);
        return valueAndGradients(ofBatch, trainableWeights(net));
      } finally {
        attacked.dispose();
      }
    },
    [Symbol.dispose]: () => target[Symbol.dispose](),
  };
}

interface AttackedBatch extends Bound {
  readonly target: InferenceTarget;
  readonly batch: Batch;
  readonly threat: ReturnType<typeof threatAt>;
  readonly random: Random;
}

/** The images of the batch, of which the first ones are attacked. */
function attack(
  { attack: attackOf, raises }: Attacking,
  options: CommonOptions,
  { target: { logits }, batch, threat, loss, random }: AttackedBatch,
): tf.Tensor4D {
  const count = attackedCount(options, batch.images.shape[0]);
  return tf.tidy(() => {
    const [images, rest] = parted(batch.images, count);
    const [labels] = parted(batch.labels, count);
    const target = { logits, labels, loss: raises?.(logits(images)) ?? loss };
    const moved = craft(attackOf(options), images, target, threat, random);
    return rest ? tf.concat([moved, rest]) : moved;
  });
}
