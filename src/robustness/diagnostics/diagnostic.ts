// The contract of sanity checks: signs that a figure says more about the attack, or about a mistake, than about the
// net. docs/sanity-checks.md explains each by its name.

import type * as tf from '@tensorflow/tfjs';
import type { AttackLoss } from '../../attacks/attack.ts';
import type { AttackChoice } from '../../attacks/create.ts';
import type { ThreatModel } from '../../attacks/threat.ts';
import type { Random } from '../../random.ts';
import type { RobustnessCurve, RobustnessCurves } from '../curve.ts';
import type { ImageScore } from '../metric.ts';
import type { Classifier } from '../target.ts';
import type { Track } from '../track.ts';

/** What a check found. `text` is the sentence of the flag or, where the check does not apply, why. */
export type Finding =
  | { readonly verdict: 'passed'; readonly value: number; readonly threshold: number }
  | { readonly verdict: 'raised'; readonly value: number; readonly threshold: number; readonly text: string }
  | { readonly verdict: 'notApplicable'; readonly text: string };

interface About {
  /** Of the flag, and of its section in docs/sanity-checks.md. */
  readonly name: string;
  /** In the list there, 1 to 17; checks of one family share a number. */
  readonly number: number;
  /** What the value of its finding is. */
  readonly figure: string;
}

/** A curve, and what is known of the attack behind it. */
export interface Measured {
  readonly curve: RobustnessCurve;
  readonly track: Pick<Track, 'log' | 'singleStep'> & Partial<Pick<Track, 'silent' | 'apart'>>;
}

/** Needs curves of the same images and epsilons, and no pass through the net. */
export interface CurveCheck extends About {
  readonly needs: 'curves';
  check(measured: Measured, all: readonly Measured[]): Finding;
}

/** A few images, and the net that is measured on them. */
export interface Probe {
  readonly net: Classifier;
  /** `[batch, height, width, channels]` in [0, 1]; the checks of a batch look at its first, eight at most. */
  readonly images: tf.Tensor4D;
  readonly labels: tf.Tensor;
  /** What the attacks raise. */
  readonly loss: AttackLoss;
  readonly random: Random;
  /** What several checks ask of the images as they are; see `known`. */
  readonly known?: Known;
}

export interface Known {
  /** Logits, row by row of classes. */
  readonly outputs: { readonly values: Float32Array; readonly classes: number };
}

/** Needs a handful of passes of a few images. Runs within a tidy. */
export interface BatchCheck extends About {
  readonly needs: 'batch';
  check(probe: Probe): Finding;
}

/** Attacked images, and what attacks with gradients made of them. */
export interface Subject extends Pick<Probe, 'net' | 'loss' | 'random'> {
  readonly batches: readonly Pick<Probe, 'images' | 'labels'>[];
  readonly classes: number;
  readonly score: ImageScore;
  readonly threat: ThreatModel;
  /** The attack by steps that the checks vary. */
  readonly attack: AttackChoice;
  /** Of each image, in the order of the batches, the score of the clean one. */
  readonly clean: readonly number[];
  /** The lowest score under the attacks that follow gradients. */
  readonly whiteBox: readonly number[];
  /** Another net of the same classes, such as an earlier checkpoint. */
  readonly surrogate?: Classifier;
}

/** Needs attacks of its own: too slow for every evaluation. */
export interface AttackCheck extends About {
  readonly needs: 'attacks';
  check(subject: Subject): Finding;
}

/** Needs what an evaluation writes down. */
export interface RecordCheck extends About {
  readonly needs: 'record';
  check(record: Pick<RobustnessCurves, 'curves' | 'worst'>, attacks: readonly AttackChoice[]): Finding;
}

export type Diagnostic = CurveCheck | BatchCheck | AttackCheck | RecordCheck;

/** A finding as it is written down. */
export type Checked = Finding &
  About & {
    /** The attack whose curve it is about; absent where it is about the net. */
    readonly attack?: string;
  };

/** Raised where `value` is above `threshold`, or is no number. */
export function compare(value: number, threshold: number, sentence: () => string): Finding {
  if (value <= threshold) return { verdict: 'passed', value, threshold };
  return { verdict: 'raised', value, threshold, text: sentence() };
}

export function notApplicable(text: string): Finding {
  return { verdict: 'notApplicable', text };
}

export function checked({ name, number, figure }: About, finding: Finding, attack?: string): Checked {
  return { name, number, figure, ...(attack !== undefined && { attack }), ...finding };
}

/** `name: what was found`, of the findings that were raised. */
export function flagsOf(findings: readonly Checked[]): string[] {
  return findings.flatMap((one) => (one.verdict === 'raised' ? [`${one.name}: ${one.text}`] : []));
}
