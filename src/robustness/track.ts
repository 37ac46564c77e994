// One attack on its way through the batches of a robustness curve.

import * as tf from '@tensorflow/tfjs';
import type { Attack, Target } from '../attacks/attack.ts';
import { takeTarget } from '../attacks/context.ts';
import { replaceRows, takeRows } from '../attacks/rows.ts';
import type { NormName } from '../attacks/threat.ts';
import { type GradientLog, gradientLog } from '../attacks/watch.ts';
import type { Random } from '../random.ts';
import { assess } from './class-scores.ts';
import { type KeptImages, keepImages } from './kept-images.ts';
import { type Maker, makerOf } from './maker.ts';
import type { ClassScores } from './metric.ts';
import { type Perturbation, perturbationsOf } from './perturbation.ts';
import { type BitDepth, quantisedTowards } from './quantise.ts';
import { ssim } from './ssim.ts';

/** An image, as the adversary sees it. */
export interface Outcome {
  readonly score: number;
  /** Of each class, where the metric has that. */
  readonly classes: Float32Array | undefined;
  /** To the clean image. */
  readonly ssim: number;
  /** Absent for the clean image itself. */
  readonly perturbation?: Perturbation;
}

/** What is known of an attack after some batches; the lists of lists are `[epsilon][image]`. */
export interface Track {
  readonly name: string;
  readonly singleStep: boolean;
  /** Made on another net, for all images together or with another aim than others: not to be compared with these. */
  readonly apart?: boolean;
  /** The lowest score up to each epsilon, and what belongs to the image that has it. */
  readonly scores: number[][];
  readonly ssim: number[][];
  readonly perturbations: (Perturbation | undefined)[][];
  readonly classes: (Float32Array | undefined)[][];
  /** The score of the image made for this epsilon; see `RobustnessCurve.raw`. */
  readonly raw: number[][];
  /** Of each image how near a minimal attack found one with score 0; Infinity where none was, or by other attacks. */
  readonly nearest: number[];
  readonly log: GradientLog;
  /** Images whose success was lost; see `measureWatched`. Absent while no attack could be watched. */
  silent?: number;
  seconds: number;
}

export interface BatchUnderAttack {
  readonly ids: readonly string[];
  readonly images: tf.Tensor4D;
  /** With a score. */
  readonly target: Target;
  readonly perClass: ClassScores | undefined;
  readonly clean: readonly Outcome[];
  /** Ascending from 0. */
  readonly epsilons: readonly number[];
  readonly norm: NormName;
  /** Images are judged as they are stored with so many bits a value; the clean ones are at such levels. */
  readonly quantise: BitDepth | undefined;
  readonly keep?: KeptImages | undefined;
}

/** A track that has seen nothing yet. */
export function createTrack(name: string, singleStep: boolean, epsilons: number, apart = false): Track {
  const lists = <T>() => Array.from({ length: epsilons }, (): T[] => []);
  return {
    name,
    singleStep,
    apart,
    scores: lists(),
    ssim: lists(),
    perturbations: lists(),
    classes: lists(),
    raw: lists(),
    nearest: [],
    log: gradientLog(),
    seconds: 0,
  };
}

/** Positions of scores above 0. */
function standing(outcomes: readonly Outcome[]): number[] {
  return [...outcomes.keys()].filter((i) => (outcomes[i] as Outcome).score > 0);
}

/** Whether one of an image's outcomes is lower than another or, at the same score, less visible. */
const worse = (a: Outcome, b: Outcome) => a.score < b.score || (a.score === b.score && a.ssim > b.ssim);

/** What comes of images made of the clean ones at `rows`; one more pass through the net. */
function outcomesOf(
  made: tf.Tensor4D,
  rows: readonly number[],
  batch: BatchUnderAttack,
  log: GradientLog,
): Outcome[] {
  const outcomes: Outcome[] = [];
  tf.tidy(() => {
    const [clean, target] = [takeRows(batch.images, rows), takeTarget(batch.target, rows)];
    const moved = batch.quantise ? quantisedTowards(clean, made, batch.quantise) : made;
    log.forwards += rows.length * (target.draws ?? 1);
    const { scores, classes } = assess(target, moved, batch.perClass);
    const [similar, perturbations] = [ssim(clean, moved), perturbationsOf(clean, moved, batch.norm)];
    for (const i of rows.keys()) {
      outcomes.push({
        score: scores[i] as number,
        classes: classes[i],
        ssim: similar[i] as number,
        perturbation: perturbations[i] as Perturbation,
      });
    }
  });
  return outcomes;
}

/** Images of a batch at one epsilon after the other. */
interface Attempts {
  /** Images for this epsilon, made of the clean ones at `rows`: on from those of the epsilon before, or afresh. */
  at(epsilonIndex: number, rows: readonly number[], afresh: boolean): Outcome[];
  /** What was made last of the clean images at `rows`, up to this epsilon; before `quantise`. The caller disposes it. */
  latest(epsilonIndex: number, rows: readonly number[]): tf.Tensor4D;
  /** How near each image of the batch is to one with score 0, as far as is known. */
  nearest(): number[];
}

function attemptsOn(batch: BatchUnderAttack, attack: Attack, random: Random, log: GradientLog): Attempts {
  const { images, target, norm, epsilons, clean } = batch;
  const open = standing(clean);
  // Made when something is attacked: not for epsilon 0 alone.
  let maker: Maker | undefined;
  const made = () =>
    (maker ??= makerOf(attack, {
      images: takeRows(images, open),
      target: takeTarget(target, open),
      ...{ norm, random, log },
    }));
  /** Of each open image the last one made. */
  let last: tf.Tensor4D | undefined;
  return {
    at(i, rows, afresh) {
      const places = rows.map((row) => open.indexOf(row));
      const start = last && !afresh ? takeRows(last, places) : undefined;
      const stream = afresh ? 'afresh' : `epsilon-${i}`;
      const moved = made().make(places, { epsilon: epsilons[i] as number, stream, start });
      if (!attack.direction && !attack.minimise && !afresh) {
        const before = last ?? takeRows(images, open);
        last = replaceRows(before, places, moved);
        before.dispose();
      }
      const outcomes = outcomesOf(moved, rows, batch, log);
      moved.dispose();
      start?.dispose();
      return outcomes;
    },
    latest(i, rows) {
      const places = rows.map((row) => open.indexOf(row));
      if (!attack.direction && !attack.minimise) return takeRows(last ?? takeRows(images, open), places);
      return made().make(places, { epsilon: epsilons[i] as number, stream: `epsilon-${i}` });
    },
    nearest() {
      const distances = clean.map(() => Number.POSITIVE_INFINITY);
      const found = maker?.nearest;
      if (!found) return distances;
      for (const [k, { score }] of outcomesOf(found.images, open, batch, log).entries()) {
        if (score === 0) distances[open[k] as number] = found.distances[k] as number;
      }
      return distances;
    },
  };
}

function keepLatest(
  track: Track,
  { ids, clean, epsilons, keep }: BatchUnderAttack,
  attempts: Attempts,
): void {
  const rows = standing(clean).filter((row) => keep?.ids.has(ids[row] as string));
  if (!keep || rows.length === 0) return;
  const of = rows.map((row) => ids[row] as string);
  const images = attempts.latest(epsilons.indexOf(keep.epsilon), rows);
  keepImages(keep, track.name, of, images);
  images.dispose();
}

/** Attacks a batch at every epsilon, in ascending order, and adds what comes out to the track. */
export function measureBatch(track: Track, attack: Attack, batch: BatchUnderAttack, random: Random): void {
  const started = performance.now();
  const worst = [...batch.clean];
  const last = batch.epsilons.length - 1;
  tf.tidy(() => {
    const attempts = attemptsOn(batch, attack, random, track.log);
    for (const i of batch.epsilons.keys()) {
      const raw = worst.map(({ score }) => (i === 0 ? score : 0));
      const attempt = (rows: readonly number[], afresh: boolean) => {
        if (i === 0 || rows.length === 0) return;
        const outcomes = attempts.at(i, rows, afresh);
        // What is for all images together takes the place of another as a whole, or not at all.
        const gains = outcomes.map(({ score }, k) => (worst[rows[k] as number] as Outcome).score - score);
        const all = gains.reduce((sum, gain) => sum + gain, 0);
        for (const [k, outcome] of outcomes.entries()) {
          const row = rows[k] as number;
          raw[row] = outcome.score;
          if ((attack.together ? all : (gains[k] as number)) > 0) worst[row] = outcome;
        }
      };
      const left = standing(worst);
      // Where an attack that stops at a smaller epsilon would not be seen.
      const fooled = standing(batch.clean).filter((row) => !left.includes(row));
      if (track.singleStep || attack.together) attempt(standing(batch.clean), false);
      else {
        attempt(left, false);
        if (i === last) attempt(fooled, true);
      }
      for (const outcome of worst) add(track, i, outcome);
      track.raw[i]?.push(...raw);
      if (i > 0 && batch.epsilons[i] === batch.keep?.epsilon) keepLatest(track, batch, attempts);
    }
    track.nearest.push(...attempts.nearest());
  });
  track.seconds += (performance.now() - started) / 1000;
}

/** What an image is at an epsilon. */
function outcomeAt(
  { scores, classes, ssim: similar, perturbations }: Track,
  i: number,
  image: number,
): Outcome {
  const perturbation = perturbations[i]?.[image];
  return {
    score: scores[i]?.[image] as number,
    classes: classes[i]?.[image],
    ssim: similar[i]?.[image] as number,
    ...(perturbation && { perturbation }),
  };
}

function add(track: Track, i: number, { score, classes, ssim: similar, perturbation }: Outcome): void {
  track.scores[i]?.push(score);
  track.ssim[i]?.push(similar);
  track.perturbations[i]?.push(perturbation);
  track.classes[i]?.push(classes);
}

/**
 * Of each image the attack with the lowest score up to each epsilon, of equals the least visible one; costs are summed.
 */
export function worstOf(tracks: readonly Track[], epsilons: number): Track {
  const worst = createTrack('worst', false, epsilons);
  for (const image of tracks[0]?.scores[0]?.keys() ?? []) {
    let known: Outcome[] = [];
    for (let i = 0; i < epsilons; i++) {
      const found = tracks.map((track) => outcomeAt(track, i, image));
      const chosen = [...known, ...found].reduce((a, b) => (worse(b, a) ? b : a));
      known = [chosen];
      add(worst, i, chosen);
      worst.raw[i]?.push(Math.min(...tracks.map((track) => track.raw[i]?.[image] as number)));
    }
  }
  for (const image of tracks[0]?.nearest.keys() ?? [])
    worst.nearest.push(Math.min(...tracks.map((track) => track.nearest[image] as number)));
  for (const { log, seconds } of tracks) {
    worst.seconds += seconds;
    for (const key of Object.keys(log) as (keyof GradientLog)[]) worst.log[key] += log[key];
  }
  return worst;
}
