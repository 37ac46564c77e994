// One attack on its way through the batches of a robustness curve.

import * as tf from '@tensorflow/tfjs';
import type { Attack, Target } from '../attacks/attack.ts';
import { judge, takeTarget } from '../attacks/context.ts';
import { craft, directionOf, follow, nearestOf, shorten } from '../attacks/craft.ts';
import { takeRows } from '../attacks/rows.ts';
import type { NormName } from '../attacks/threat.ts';
import { type GradientLog, gradientLog } from '../attacks/watch.ts';
import type { Random } from '../random.ts';
import { ssim } from './ssim.ts';

/** What is known of an attack after some batches; the lists are `[epsilon][image]`. */
export interface Track {
  readonly name: string;
  readonly singleStep: boolean;
  /** The lowest score up to each epsilon, and the similarity of the image that has it. */
  readonly scores: number[][];
  readonly ssim: number[][];
  /** The score of the image made for this epsilon; see `RobustnessCurve.raw`. */
  readonly raw: number[][];
  readonly log: GradientLog;
  /** Images whose success was lost; see `measureWatched`. Absent while no attack could be watched. */
  silent?: number;
  seconds: number;
}

export interface BatchUnderAttack {
  readonly images: tf.Tensor4D;
  /** With a score. */
  readonly target: Target;
  /** Scores of the clean images. */
  readonly clean: Float32Array;
  /** Ascending from 0. */
  readonly epsilons: readonly number[];
  readonly norm: NormName;
}

/** A track that has seen nothing yet. */
export function createTrack(name: string, singleStep: boolean, epsilons: number): Track {
  const lists = () => Array.from({ length: epsilons }, (): number[] => []);
  return { name, singleStep, scores: lists(), ssim: lists(), raw: lists(), log: gradientLog(), seconds: 0 };
}

/** Positions of scores above 0. */
function standing(scores: Float32Array): number[] {
  return [...scores.keys()].filter((i) => (scores[i] as number) > 0);
}

type Outcome = { readonly scores: Float32Array; readonly ssim: Float32Array };

/** Makes and scores images of one epsilon for the clean ones at `rows`. */
type Attempt = (rows: readonly number[], epsilonIndex: number) => Outcome;

/** What is measured of images made of the clean ones; one more pass through the net. */
function outcomeOf(moved: tf.Tensor4D, clean: tf.Tensor4D, target: Target, log: GradientLog): Outcome {
  log.forwards += clean.shape[0] * (target.draws ?? 1);
  return { scores: judge(target, moved).scores, ssim: ssim(clean, moved) };
}

/** By `craft`, afresh for each epsilon. */
function iterative(attack: Attack, batch: BatchUnderAttack, random: Random, log: GradientLog): Attempt {
  const { images, norm, epsilons, target } = batch;
  return (rows, i) => {
    const [clean, under] = [takeRows(images, rows), takeTarget(target, rows)];
    const threat = { norm, epsilon: epsilons[i] as number };
    const moved = craft(attack, clean, under, threat, random.stream(`epsilon-${i}`), log);
    return outcomeOf(moved, clean, under, log);
  };
}

/** Along one direction, or from one nearest image, computed here for all epsilons. */
function computedOnce(attack: Attack, batch: BatchUnderAttack, random: Random, log: GradientLog): Attempt {
  const { norm, epsilons } = batch;
  const open = standing(batch.clean);
  const [images, target] = [takeRows(batch.images, open), takeTarget(batch.target, open)];
  const [compute, apply] = attack.minimise ? [nearestOf, shorten] : [directionOf, follow];
  const computed = compute(attack, images, target, norm, random, log);
  return (rows, i) => {
    const places = rows.map((row) => open.indexOf(row));
    const clean = takeRows(images, places);
    const moved = apply(takeRows(computed, places), clean, { norm, epsilon: epsilons[i] as number });
    return outcomeOf(moved, clean, takeTarget(target, places), log);
  };
}

/** Attacks a batch at every epsilon, in ascending order, and adds what comes out to the track. */
export function measureBatch(track: Track, attack: Attack, batch: BatchUnderAttack, random: Random): void {
  const started = performance.now();
  const worst = Float32Array.from(batch.clean);
  const similarity = new Float32Array(worst.length).fill(1);
  const last = batch.epsilons.length - 1;
  tf.tidy(() => {
    let attempt: Attempt | undefined;
    for (const i of batch.epsilons.keys()) {
      const rows = i === 0 ? [] : standing(track.singleStep || i === last ? batch.clean : worst);
      const raw = i === 0 ? Float32Array.from(worst) : new Float32Array(worst.length);
      if (rows.length > 0) {
        attempt ??= (attack.direction || attack.minimise ? computedOnce : iterative)(
          attack,
          batch,
          random,
          track.log,
        );
        const made = attempt;
        const outcome = tf.tidy(() => made(rows, i));
        for (const [k, row] of rows.entries()) {
          const score = outcome.scores[k] as number;
          raw[row] = score;
          if (score >= (worst[row] as number)) continue;
          [worst[row], similarity[row]] = [score, outcome.ssim[k] as number];
        }
      }
      track.scores[i]?.push(...worst);
      track.ssim[i]?.push(...similarity);
      track.raw[i]?.push(...raw);
    }
  });
  track.seconds += (performance.now() - started) / 1000;
}

/** Of each image and epsilon, the attack with the lowest score; costs are summed. */
export function worstOf(tracks: readonly Track[], epsilons: number): Track {
  const worst = createTrack('worst', false, epsilons);
  for (let i = 0; i < epsilons; i++) {
    const images = tracks[0]?.scores[i]?.length ?? 0;
    for (let image = 0; image < images; image++) {
      const at = (list: 'scores' | 'ssim' | 'raw') =>
        tracks.map((track) => track[list][i]?.[image] as number);
      const scores = at('scores');
      const lowest = Math.min(...scores);
      worst.scores[i]?.push(lowest);
      worst.ssim[i]?.push(at('ssim')[scores.indexOf(lowest)] as number);
      worst.raw[i]?.push(Math.min(...at('raw')));
    }
  }
  for (const { log, seconds } of tracks) {
    worst.seconds += seconds;
    for (const key of Object.keys(log) as (keyof GradientLog)[]) worst.log[key] += log[key];
  }
  return worst;
}
