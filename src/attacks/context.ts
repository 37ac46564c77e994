import * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.ts';
import type { AttackContext, AttackLoss, Target, Verdict } from './attack.ts';
import { createBall } from './ball.ts';
import { gradient } from './gradient.ts';
import { norms } from './norms.ts';
import { predictedClasses } from './predicted.ts';
import { takeRows } from './rows.ts';
import type { ThreatModel } from './threat.ts';

/** The share of the places of each image that are not at their goal, of those that have one. */
function missed(logits: tf.Tensor, goals: tf.Tensor): Float32Array {
  const predicted = predictedClasses(logits);
  const wanted = goals.dataSync<'int32'>();
  const batch = goals.shape[0] as number;
  const places = wanted.length / batch;
  return Float32Array.from({ length: batch }, (_, image) => {
    let [counted, missing] = [0, 0];
    for (let i = image * places; i < (image + 1) * places; i++) {
      if ((wanted[i] as number) < 0) continue;
      counted++;
      if (predicted[i] !== wanted[i]) missing++;
    }
    return counted === 0 ? 0 : missing / counted;
  });
}

function scoresOf(target: Target, logits: tf.Tensor): Float32Array {
  const { labels, goals, blind } = target;
  const found = blind ? undefined : goals ? missed(logits, goals) : target.score?.(logits, labels);
  return found ?? new Float32Array(labels.shape[0] as number).fill(1);
}

function raised(target: Target, logits: tf.Tensor, loss: AttackLoss): tf.Tensor1D {
  return target.goals ? loss(logits, target.goals).neg() : loss(logits, target.labels);
}

/** Of each image what its passes come to: the mean loss, and the score that more than half of them do not exceed. */
function combine(verdicts: readonly Verdict[]): Verdict {
  const [first] = verdicts;
  if (verdicts.length === 1 && first) return first;
  const of = (key: 'losses' | 'scores', image: number) => verdicts.map((one) => one[key][image] as number);
  const images = { length: first?.losses.length ?? 0 };
  return {
    losses: Float32Array.from(images, (_, i) => of('losses', i).reduce((a, b) => a + b) / verdicts.length),
    scores: Float32Array.from(
      images,
      (_, i) => of('scores', i).sort((a, b) => a - b)[Math.floor(verdicts.length / 2)] as number,
    ),
  };
}

/** The mean of `draws` runs of `pass`. */
function meanOf<T extends tf.Tensor>(draws: number, pass: () => T): T {
  if (draws === 1) return pass();
  return tf.tidy(() => {
    let sum: tf.Tensor = pass();
    for (let i = 1; i < draws; i++) sum = sum.add(pass());
    return sum.div(draws) as T;
  });
}

/** How good `images` are for the adversary, by forward passes. */
export function judge(target: Target, images: tf.Tensor4D, loss: AttackLoss = target.loss): Verdict {
  const verdicts: Verdict[] = [];
  for (let i = 0; i < (target.draws ?? 1); i++) {
    tf.tidy(() => {
      const logits = target.logits(images);
      const losses = Float32Array.from(raised(target, logits, loss).dataSync());
      verdicts.push({ losses, scores: scoresOf(target, logits) });
    });
  }
  return combine(verdicts);
}

function probe(target: Target, images: tf.Tensor4D, loss: AttackLoss) {
  const verdicts: Verdict[] = [];
  const ascent = meanOf(target.draws ?? 1, () =>
    gradient((input) => {
      const logits = target.logits(input);
      const losses = raised(target, logits, loss);
      verdicts.push({ losses: Float32Array.from(losses.dataSync()), scores: scoresOf(target, logits) });
      return losses;
    }, images),
  );
  return { ...combine(verdicts), gradient: ascent };
}

/** The same target for the images at `rows` alone. */
export function takeTarget(target: Target, rows: readonly number[]): Target {
  const { labels, goals } = target;
  return { ...target, labels: takeRows(labels, rows), ...(goals && { goals: takeRows(goals, rows) }) };
}

/** What an attack sees of `target` and of the clean `images`. Lives as long as they and the surrounding tidy. */
export function createContext(
  images: tf.Tensor4D,
  target: Target,
  threat: ThreatModel,
  random: Random,
  start?: tf.Tensor4D,
): AttackContext {
  const { labels, goals, draws = 1 } = target;
  return {
    objective: (moved) => meanOf(draws, () => raised(target, target.logits(moved), target.loss)),
    logits: (moved) => meanOf(draws, () => target.logits(moved)),
    labels,
    ...(goals && { goals }),
    ball: createBall(images, threat),
    random,
    ...(start && { start }),
    judge: (moved, loss = target.loss) => judge(target, moved, loss),
    probe: (moved, loss = target.loss) => probe(target, moved, loss),
    take(indices) {
      const begin = start && takeRows(start, indices);
      return createContext(takeRows(images, indices), takeTarget(target, indices), threat, random, begin);
    },
    within(epsilon) {
      const largest = norms[threat.norm].largest(images.size / images.shape[0]);
      return createContext(images, target, { ...threat, epsilon: Math.min(epsilon, largest) }, random, start);
    },
  };
}
