// What the comparisons with reference implementations share. The nets, images and results are those of test/golden.

import * as tf from '@tensorflow/tfjs';
import type { Target } from '../../src/attacks/attack.ts';
import { createBall } from '../../src/attacks/ball.ts';
import { craft, nearestOf } from '../../src/attacks/craft.ts';
import { type AttackChoice, createAttack } from '../../src/attacks/create.ts';
import type { NormName } from '../../src/attacks/threat.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom, type Random } from '../../src/random.ts';
import { type GoldenNet, golden, type Stored } from '../../test/attacks/golden.ts';

/** What was found of one case of a file. */
export type Outcome = {
  /** What is compared, and within which bound. */
  readonly what: string;
  readonly found: string;
  readonly holds: boolean;
};

export interface Comparison {
  readonly file: string;
  readonly name: string;
  /** The program that made the case. */
  readonly peer: string;
  readonly compare: () => Outcome;
}

/** A case of a file, as far as it has these. */
export interface Case {
  readonly source: string;
  readonly params: Readonly<Record<string, number>> & { readonly target?: Stored; readonly norm?: string };
  readonly adversarial: Stored;
  readonly predictions: Stored;
  readonly linf: Stored;
  readonly l2: Stored;
  readonly l0: Stored;
  readonly best_loss: Stored;
  readonly pixel_accuracy: Stored;
  readonly fraction_equal_to_target: Stored;
  readonly ce_loss_per_sample: Stored;
  readonly accuracy: number;
  readonly mean_ce_per_sample: Stored;
  readonly still_correct_over_all_iterations: readonly number[];
  readonly start_delta?: Stored;
  readonly stability?: { readonly 'fraction_of_elements_differing_more_than_1e-5': number };
}

/** The first word of what a file says of its source names the program. */
export const peerOf = ({ source }: Pick<Case, 'source'>) => source.replace(/ .*/, '').replace(/[.,:]$/, '');

/** A comparison for each case of a file. */
export function casesOf(file: string, compare: (one: Case, name: string) => Outcome): Comparison[] {
  return Object.entries(golden<{ cases: Record<string, Case> }>(file).cases).map(([name, one]) => ({
    file,
    name,
    peer: peerOf(one),
    compare: () => tf.tidy(() => compare(one, name)),
  }));
}

export const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
export const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** The greatest difference of two lists. */
export function furthest(ours: ArrayLike<number>, theirs: readonly number[]): number {
  return theirs.reduce((most, value, i) => Math.max(most, Math.abs(value - (ours[i] as number))), 0);
}

/** No value differs by more than `limit` and, where it is given, a share of itself. */
export function within(
  what: string,
  ours: ArrayLike<number>,
  theirs: readonly number[],
  limit: number,
  share = 0,
): Outcome {
  const holds = theirs.every(
    (value, i) => Math.abs(value - (ours[i] as number)) <= limit + share * Math.abs(value),
  );
  const bound = share === 0 ? `${limit}` : `${limit} and ${100 * share} %`;
  return { what: `${what} within ${bound}`, found: furthest(ours, theirs).toExponential(1), holds };
}

/** The rule of linf, where the sign of a gradient near 0 may differ: nearly all values within 1e-5, the rest in the ball. */
export function nearlyAll(
  ours: ArrayLike<number>,
  { adversarial, stability }: Pick<Case, 'adversarial' | 'stability'>,
  epsilon: number,
): Outcome {
  const { data } = adversarial;
  const near = data.filter((value, i) => Math.abs(value - (ours[i] as number)) <= 1e-5).length / data.length;
  const unstable = stability?.['fraction_of_elements_differing_more_than_1e-5'] ?? 0;
  const least = 0.999 - unstable;
  return {
    what: `${percent(least)} of the values within 1e-5`,
    found: percent(near),
    holds: near >= least && furthest(ours, data) <= 2 * epsilon + 1e-6,
  };
}

/** Each of ours at most `factor` times theirs: the largest ratio. */
export function atMost(
  what: string,
  ours: readonly number[],
  theirs: readonly number[],
  factor: number,
): Outcome {
  const ratios = ours.map((value, i) => (value <= 1e-6 ? 0 : value / (theirs[i] as number)));
  const found = Math.max(...ratios);
  return { what: `${what} at most ${factor} of theirs`, found: found.toFixed(3), holds: found <= factor };
}

/** The target of a golden net, untargeted. */
export function targetOf(net: GoldenNet): Target {
  return { logits: net.logits, labels: net.labels, loss: lossOf('crossEntropy') };
}

/** The references return the last iterate, ours the best: scores that fall from call to call make these the same. */
export function lastIsBest(target: Target): Target {
  let calls = 0;
  return { ...target, score: (logits) => new Float32Array(logits.shape[0] as number).fill(1 / ++calls) };
}

export function attacked(
  net: GoldenNet,
  choice: AttackChoice,
  target: Target,
  [norm, epsilon]: readonly [norm: NormName, epsilon: number],
  random: Random = createRandom(1),
): tf.Tensor4D {
  return craft(createAttack(choice), net.images, target, { norm, epsilon }, random);
}

export function nearest(net: GoldenNet, choice: AttackChoice, target: Target, norm: NormName): tf.Tensor4D {
  return nearestOf(createAttack(choice), net.images, target, norm, createRandom(1), gradientLog());
}

export const distances = (net: GoldenNet, moved: tf.Tensor4D, norm: NormName) =>
  createBall(net.images, { norm, epsilon: 0 }).distances(moved);

export const predictions = (net: GoldenNet, moved: tf.Tensor4D) =>
  Array.from(net.logits(moved).argMax(-1).dataSync<'int32'>());

/** Both hold: the first that does not is told. */
export function both(first: Outcome, second: Outcome): Outcome {
  return {
    what: `${first.what}; ${second.what}`,
    found: `${first.found}; ${second.found}`,
    holds: first.holds && second.holds,
  };
}
