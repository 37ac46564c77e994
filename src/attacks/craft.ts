import * as tf from '@tensorflow/tfjs';
import { listChoices, RunError, UsageError } from '../errors.ts';
import type { Random } from '../random.ts';
import { type Attack, type Target, type Task, taskOfLabels } from './attack.ts';
import { createBall } from './ball.ts';
import { createContext } from './context.ts';
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

/** Refuses what the attack is not made for. */
export function requireSuited(
  { name, task, norms = ['linf', 'l2', 'l1'] }: Attack,
  norm: NormName,
  found: Task,
): void {
  if (!norms.includes(norm)) {
    throw new UsageError(
      `The attack ${name} is for ${listChoices(norms)}, not for ${norm}. Choose another norm or attack.`,
    );
  }
  if (task === undefined || task === found) return;
  const what = found === 'multilabel' ? 'this has several labels for an image' : `this is ${found}`;
  throw new UsageError(`The attack ${name} is for ${task}, and ${what}. Choose another attack.`);
}

function requireThatSuits(attack: Attack, norm: NormName, { labels, goals }: Target): void {
  requireSuited(attack, norm, taskOfLabels(labels));
  if (!goals || tf.util.arraysEqual(goals.shape, labels.shape)) return;
  throw new UsageError(
    `Goals of a targeted attack: expected the shape of the labels, [${labels.shape}], received [${goals.shape}].`,
  );
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

/** What an attack is made on: the target or, as far as the net goes, another one. */
function madeOn(attack: Attack, target: Target, log: GradientLog): Target {
  return watched(attack.logits ? { ...target, logits: attack.logits, blind: true } : target, log);
}

/** Runs a part of an attack that does not depend on epsilon. */
function once(
  kind: 'direction' | 'minimise',
  attack: Attack,
  images: tf.Tensor4D,
  target: Target,
  norm: NormName,
  random: Random,
  log: GradientLog,
): tf.Tensor4D {
  requirePixels(images);
  requireThatSuits(attack, norm, target);
  return tf.tidy(() => {
    const context = createContext(images, madeOn(attack, target, log), { norm, epsilon: 0 }, random);
    const result = attack[kind]?.(images, context);
    if (!result) throw new TypeError(`The attack ${attack.name} has no ${kind}.`);
    requireResult(attack.name, result, images);
    return result;
  });
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
  return once('direction', attack, images, target, norm, random, log);
}

/**
 * The nearest images that a minimal attack finds, for every epsilon: `shorten` makes images of them.
 *
 * Checks and counts as `craft` does. The caller disposes the result.
 */
export function nearestOf(
  attack: Attack,
  images: tf.Tensor4D,
  target: Target,
  norm: NormName,
  random: Random,
  log: GradientLog,
): tf.Tensor4D {
  return once('minimise', attack, images, target, norm, random, log);
}

/**
 * The images of a minimal attack at this epsilon: those of `nearest` that are within epsilon of the clean `images`, and
 * of the others the projection, as in `craft`. The caller disposes them.
 */
export function shorten(nearest: tf.Tensor4D, images: tf.Tensor4D, threat: ThreatModel): tf.Tensor4D {
  return createBall(images, threat).project(nearest);
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
 * values stay where they are in that step. Throws `UsageError` for pixels out of [0, 1], for an impossible
 * epsilon, and for a norm or task that the attack is not for. Attacks that begin at random begin at `start` instead,
 * images in the same ball, where it is given.
 */
export function craft(
  attack: Attack,
  images: tf.Tensor4D,
  target: Target,
  threat: ThreatModel,
  random: Random,
  log?: GradientLog,
  start?: tf.Tensor4D,
): tf.Tensor4D {
  requirePixels(images);
  requireThatSuits(attack, threat.norm, target);
  const seen = log ?? gradientLog();
  return tf.tidy(() => {
    const context = createContext(images, madeOn(attack, target, seen), threat, random, start);
    if (threat.epsilon === 0) return images.clone();
    const moved = attack.perturb(images, context);
    if (!log) requireFinite(attack.name, seen);
    requireResult(attack.name, moved, images);
    return context.ball.project(moved);
  });
}
