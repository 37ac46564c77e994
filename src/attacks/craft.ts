import * as tf from '@tensorflow/tfjs';
import { RunError, UsageError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Attack, AttackContext, Target, Verdict } from './attack.ts';
import { createBall } from './ball.ts';
import { gradient } from './gradient.ts';
import { takeRows } from './rows.ts';
import type { NormName, ThreatModel } from './threat.ts';
import { type GradientLog, gradientLog, watched } from './watch.ts';

function requirePixels(images: tf.Tensor4D): void {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of images.dataSync()) {
    // Not Math.min: a NaN must not pass.
    if (!(value >= low)) low = value;
    if (!(value <= high)) high = value;
    if (Number.isNaN(value)) break;
  }
  if (low >= 0 && high <= 1) return;
  throw new UsageError(
    `Images to attack: expected pixels in [0, 1], received values from ${low} to ${high}. ` +
      'Divide 8-bit images by 255; normalise inside the net.',
  );
}

function verdict(target: Target, logits: tf.Tensor, losses: tf.Tensor1D): Verdict {
  return {
    losses: Float32Array.from(losses.dataSync()),
    scores: target.score?.(logits, target.labels) ?? new Float32Array(losses.size).fill(1),
  };
}

/** What an attack sees of `target` and of the clean `images`. Lives as long as they and the surrounding tidy. */
function createContext(
  images: tf.Tensor4D,
  target: Target,
  threat: ThreatModel,
  random: Random,
): AttackContext {
  const { labels } = target;
  return {
    objective: (moved) => target.loss(target.logits(moved), labels),
    logits: (moved) => target.logits(moved),
    labels,
    ball: createBall(images, threat),
    random,
    judge(moved) {
      let judged: Verdict | undefined;
      tf.tidy(() => {
        const logits = target.logits(moved);
        judged = verdict(target, logits, target.loss(logits, labels));
      });
      return judged as Verdict;
    },
    probe(moved) {
      let judged: Verdict | undefined;
      const ascent = gradient((input) => {
        const logits = target.logits(input);
        const losses = target.loss(logits, labels);
        judged = verdict(target, logits, losses);
        return losses;
      }, moved);
      return { ...(judged as Verdict), gradient: ascent };
    },
    take: (indices) =>
      createContext(
        takeRows(images, indices),
        { ...target, labels: takeRows(labels, indices) },
        threat,
        random,
      ),
  };
}

function requireFinite(attack: string, { broken, gradients }: GradientLog): void {
  if (broken === 0) return;
  throw new RunError(
    `The attack ${attack}: ${broken} of ${gradients} gradients are not finite, so its images mean nothing. ` +
      'Check the weights of the net and its loss for NaN.',
  );
}

function requireResult(attack: string, moved: tf.Tensor4D, images: tf.Tensor4D): void {
  if (!tf.util.arraysEqual(moved.shape, images.shape)) {
    throw new RunError(
      `The attack ${attack}: expected images [${images.shape}], received [${moved.shape}]. Return images of the shape given.`,
    );
  }
  if (moved.dataSync().some(Number.isNaN)) {
    throw new RunError(
      `The attack ${attack} returned pixels that are NaN. Check its arithmetic where a gradient is 0.`,
    );
  }
}

/**
 * The direction of a single-step attack from `images`, for every epsilon: `follow` makes images of it.
 *
 * Checks and counts as `craft` does. The caller disposes the result.
 */
export function directionOf(
  attack: Attack,
  images: tf.Tensor4D,
  target: Target,
  norm: NormName,
  random: Random,
  log: GradientLog,
): tf.Tensor4D {
  requirePixels(images);
  return tf.tidy(() => {
    const context = createContext(images, watched(target, log), { norm, epsilon: 0 }, random);
    const direction = attack.direction?.(images, context);
    if (!direction) throw new TypeError(`The attack ${attack.name} is not a single-step attack.`);
    requireResult(attack.name, direction, images);
    return direction;
  });
}

/**
 * The images of a single-step attack at this epsilon: from the clean `images`, epsilon times `direction`, held to
 * the threat model as in `craft`. The caller disposes them.
 */
export function follow(direction: tf.Tensor4D, images: tf.Tensor4D, threat: ThreatModel): tf.Tensor4D {
  return tf.tidy(() => createBall(images, threat).project(images.add(direction.mul(threat.epsilon))));
}

/**
 * Runs `attack` on `images` and holds the result to the threat model.
 *
 * Every image of the result differs from its clean one by at most `threat.epsilon` in `threat.norm` (up to
 * float32 rounding) and lies in [0, 1], whatever the attack returned. Epsilon 0 gives the clean images back, so
 * the first point of a robustness curve is the clean metric.
 *
 * `images` and the result are `[batch, height, width, channels]`; the caller disposes both. A gradient that is
 * not finite never passes for 0: it throws `RunError`, unless `log` is given; then it is counted there and such
 * values stay where they are in that step. Throws `UsageError` for pixels out of [0, 1] and for an impossible
 * epsilon.
 */
export function craft(
  attack: Attack,
  images: tf.Tensor4D,
  target: Target,
  threat: ThreatModel,
  random: Random,
  log?: GradientLog,
): tf.Tensor4D {
  requirePixels(images);
  const seen = log ?? gradientLog();
  return tf.tidy(() => {
    const context = createContext(images, watched(target, seen), threat, random);
    if (threat.epsilon === 0) return images.clone();
    const moved = attack.perturb(images, context);
    if (!log) requireFinite(attack.name, seen);
    requireResult(attack.name, moved, images);
    return context.ball.project(moved);
  });
}
