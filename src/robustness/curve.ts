// Robustness curves: a metric as a function of how far the adversary may move each image.

import * as tf from '@tensorflow/tfjs';
import type { Attack, Target } from '../attacks/attack.ts';
import { createBall } from '../attacks/ball.ts';
import type { NormName } from '../attacks/threat.ts';
import type { Batch } from '../data/dataset.ts';
import { UsageError } from '../errors.ts';
import type { Loss } from '../losses/loss.ts';
import type { Random } from '../random.ts';
import { isApart } from './apart.ts';
import type { Budget } from './budget.ts';
import { assess, type ClassCurve, classCurvesOf } from './class-scores.ts';
import { type Checked, checkCurves, checkNet, flagsOf } from './flags.ts';
import { intervalOf } from './interval.ts';
import type { KeptImages } from './kept-images.ts';
import { imageScoreOf, type Metric } from './metric.ts';
import { meanPerturbation, type Perturbation } from './perturbation.ts';
import { type BitDepth, quantised } from './quantise.ts';
import type { Classifier } from './target.ts';
import { createTrack, type Outcome, type Track, worstOf } from './track.ts';
import type { Unseen } from './unseen.ts';
import { measureWatched } from './witness.ts';

export interface CurvePoint {
  readonly epsilon: number;
  /**
   * The metric; enveloped, so it never rises with epsilon: an image once fooled stays fooled or, under attacks that are
   * for all images of a batch together, what was made for it stands until something better is.
   */
  readonly value: number;
  /** The 95 % interval of `value`, for the draw of the images. */
  readonly low: number;
  readonly high: number;
  /**
   * Mean structural similarity of the images that the attack has hurt to their clean ones. Where it has hurt none, 1:
   * `value` is then that of the clean images.
   */
  readonly ssim: number;
  /** Means over the images that the attack has hurt, of which there are so many; absent where there are none. */
  readonly perturbation?: Perturbation & { readonly images: number };
}

/** One attack's curve: plain data, written to disk as it is. */
export interface RobustnessCurve {
  readonly attack: string;
  readonly norm: NormName;
  readonly metric: string;
  /** Ascending in epsilon, from 0, where `value` is the clean metric. */
  readonly points: readonly CurvePoint[];
  /**
   * The metric of the images made for each epsilon, which may rise. An attack with a random start begins at the image
   * made for the epsilon before. An image whose score is already 0 is not attacked again and counts as 0; but at the
   * last epsilon such images are attacked afresh, and under single-step attacks at every epsilon.
   */
  readonly raw: readonly number[];
  readonly images: number;
  /** `areaUnder` these points. */
  readonly area: number;
  /**
   * Of a classification, the smallest epsilon that fools the net on half of the images or more, those wrong when clean
   * included; null where that is none of the curve. Nothing is interpolated: of attacks that try the epsilons of the
   * curve it is one of these, so that the median is between the one before and it; a minimal attack finds it itself.
   */
  readonly median?: number | null;
  /** The largest epsilon of which nothing is seen; see `largestUnseen`. */
  readonly unseen?: Unseen;
  /** The metric of each class that occurs, in the order of the classes. */
  readonly classes?: readonly ClassCurve[];
  /** Images were judged as they are stored with so many bits a value. */
  readonly quantise?: BitDepth;
  /** Passes of one image through the net, those that also went back, and time; without the clean pass. */
  readonly cost: { readonly gradients: number; readonly forwards: number; readonly seconds: number };
  /** Present where time decided how many images were attacked. */
  readonly budget?: Budget;
  /** What makes this curve doubtful; each begins with a name explained in docs/sanity-checks.md. */
  readonly flags: readonly string[];
}

export interface CurveOptions {
  readonly net: Classifier;
  readonly attacks: readonly Attack[];
  readonly norm: NormName;
  /** In [0, 1] pixel units, any order; 0 is added. */
  readonly epsilons: readonly number[];
  /** A metric with scores per image. */
  readonly metric: { readonly name: string; readonly metric: Metric };
  /** What the attacks raise. */
  readonly loss: Loss;
  readonly random: Random;
  /** For a net with random layers: how many passes stand for one; see `Target.draws`. Default: 1. */
  readonly draws?: number;
  /** Names of the classes; their numbers by default. */
  readonly classes?: readonly string[];
  /**
   * Judges images as they are stored with so many bits a value. Clean images are rounded to the nearest level, attacked
   * ones towards these, so that they stay in the ball: an epsilon below one level changes nothing.
   */
  readonly quantise?: BitDepth | undefined;
  /** Images to be kept of those that the attacks make. */
  readonly keep?: KeptImages | undefined;
}

export interface RobustnessCurves {
  /** In the order of the attacks. */
  readonly curves: readonly RobustnessCurve[];
  /** Of each image the attack that hurts it most: the curve to quote. Its attack is named `worst`. */
  readonly worst: RobustnessCurve;
  /** What makes the net itself doubtful, whatever the attack; named as the flags of a curve. */
  readonly flags: readonly string[];
  /** All that the sanity checks found, of the net and of each curve: the flags, and what did not raise one. */
  readonly checks: readonly Checked[];
}

function ascending(epsilons: readonly number[]): number[] {
  const wrong = epsilons.find((epsilon) => !(epsilon >= 0 && Number.isFinite(epsilon)));
  if (wrong !== undefined) {
    throw new UsageError(`Epsilons of a robustness curve: expected numbers from 0, received ${wrong}.`);
  }
  return [...new Set([0, ...epsilons])].sort((a, b) => a - b);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function pointOf(track: Track, i: number, epsilon: number): CurvePoint {
  const scores = track.scores[i] ?? [];
  const clean = track.scores[0] ?? [];
  const hurt = [...scores.keys()].filter((image) => (scores[image] as number) < (clean[image] as number));
  const similar = hurt.map((image) => track.ssim[i]?.[image] as number);
  const [first, ...others] = hurt.flatMap((image) => track.perturbations[i]?.[image] ?? []);
  return {
    epsilon,
    value: mean(scores),
    ...intervalOf(scores),
    ssim: similar.length ? mean(similar) : 1,
    ...(first && { perturbation: { images: 1 + others.length, ...meanPerturbation([first, ...others]) } }),
  };
}

/** The smallest epsilon at which half of the images or more are fooled, as far as the track knows; null for none. */
function medianOf({ scores, nearest }: Track, epsilons: readonly number[]): number | null {
  const smallest = nearest.map((distance, image) => {
    // Under what is made for all images together, one that was fooled may stand again.
    const stood = epsilons.findLastIndex((_, i) => scores[i]?.[image] !== 0);
    return Math.min(distance, epsilons[stood + 1] ?? Number.POSITIVE_INFINITY);
  });
  const middle = smallest.sort((a, b) => a - b)[Math.ceil(smallest.length / 2) - 1] as number;
  return Number.isFinite(middle) ? middle : null;
}

function curveOf(track: Track, epsilons: readonly number[], options: CurveOptions): RobustnessCurve {
  const { log } = track;
  const { norm, metric, quantise } = options;
  const points = epsilons.map((epsilon, i) => pointOf(track, i, epsilon));
  const classes = classCurvesOf(track.classes, options.classes);
  return {
    attack: track.name,
    norm,
    metric: metric.name,
    points,
    raw: track.raw.map(mean),
    images: track.scores[0]?.length ?? 0,
    area: areaUnder({ points }),
    ...(metric.metric.task === 'classification' && { median: medianOf(track, epsilons) }),
    ...(classes.length > 0 && { classes }),
    ...(quantise && { quantise }),
    cost: { gradients: log.gradients, forwards: log.forwards, seconds: track.seconds },
    flags: [],
  };
}

/** Clean images, with what the net makes of them. */
function cleanOutcomes(target: Target, images: tf.Tensor4D, { perClass }: Metric): Outcome[] {
  const { scores, classes } = assess(target, images, perClass);
  return Array.from(scores, (score, i) => ({ score, classes: classes[i], ssim: 1 }));
}

/**
 * The robustness curves of `net` under several attacks, in one pass over `data`.
 *
 * Epsilons ascend, and an image whose score has reached 0 carries that on: what may be done at an epsilon may be
 * done at a larger one. Single-step attacks compute one gradient for all epsilons. An image's score at an epsilon
 * is the worst found up to there, each from a fresh forward pass on the finished image. Memory is that of one
 * batch under attack and a few numbers an image; batches are disposed here.
 *
 * The same `random` gives the same curves, for the same batches. Throws `UsageError` for a metric without scores
 * per image or of another task, for impossible epsilons, without attacks, and for data without images.
 */
export async function robustnessCurves(
  data: AsyncIterable<Batch>,
  options: CurveOptions,
): Promise<RobustnessCurves> {
  const epsilons = ascending(options.epsilons);
  const score = imageScoreOf(options.metric);
  if (options.attacks.length === 0) {
    throw new UsageError('Robustness curves: expected at least one attack, received none.');
  }
  const { norm, loss, draws = 1, quantise, keep } = options;
  const { metric } = options.metric;
  const logits = (images: tf.Tensor4D) => options.net.logits(images);
  const tracks = options.attacks.map((attack) =>
    createTrack(attack.name, attack.direction !== undefined, epsilons.length, isApart(attack, norm)),
  );
  let count = 0;
  let ofNet: readonly Checked[] = [];
  for await (using batch of data) {
    if (count === 0) {
      const { net, random } = options;
      ofNet = checkNet({ ...batch, net, loss, random: random.stream('checks') });
    }
    tf.tidy(() => {
      const target = { logits, labels: batch.labels, loss, score, draws };
      const images = quantise ? quantised(batch.images, quantise) : batch.images;
      const clean = cleanOutcomes(target, images, metric);
      const random = options.random.stream(`batch-${count++}`);
      // Refuses an epsilon beyond the box before anything is attacked.
      createBall(images, { norm, epsilon: epsilons.at(-1) as number });
      const shared = { target, perClass: metric.perClass, clean, epsilons, norm, quantise, keep };
      const under = { ids: batch.ids, images, ...shared };
      for (const [i, attack] of options.attacks.entries()) {
        measureWatched(tracks[i] as Track, attack, under, random.stream(attack.name));
      }
    });
  }
  if (count === 0) throw new UsageError('A robustness curve: expected at least one image, received none.');
  const curves = tracks.map((track) => curveOf(track, epsilons, options));
  const ofCurves = checkCurves(tracks.map((track, i) => ({ track, curve: curves[i] as RobustnessCurve })));
  return {
    curves: curves.map((curve, i) => ({ ...curve, flags: flagsOf(ofCurves[i] ?? []) })),
    worst: curveOf(worstOf(tracks, epsilons.length), epsilons, options),
    flags: flagsOf(ofNet),
    checks: [...ofNet, ...ofCurves.flat()],
  };
}

/**
 * Mean of the metric over [0, largest epsilon], by the trapezoid rule: the curve as one number, in the units of
 * the metric. Of a curve with the one point 0, its value.
 */
export function areaUnder({
  points,
}: {
  readonly points: readonly Pick<CurvePoint, 'epsilon' | 'value'>[];
}): number {
  const last = points.at(-1);
  if (!last) return Number.NaN;
  if (last.epsilon === 0) return last.value;
  let area = 0;
  for (const [i, { epsilon, value }] of points.entries()) {
    const before = points[i - 1];
    if (before) area += ((value + before.value) / 2) * (epsilon - before.epsilon);
  }
  return area / last.epsilon;
}
