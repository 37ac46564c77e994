// Signs that a robustness curve says more about the attack than about the net. docs/sanity-checks.md
// explains each by the name it begins with.

import type { RobustnessCurve } from './curve.ts';
import type { Track } from './track.ts';

export interface Measured {
  readonly curve: RobustnessCurve;
  readonly track: Pick<Track, 'log' | 'singleStep'>;
}

const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`;
const points = (difference: number) => `${Number((100 * difference).toPrecision(3))} points`;

const followsGradient = ({ track }: Measured) => track.log.gradients > 0;

/** Rounding in sums of scores is not a difference. */
const rounding = 1e-6;

function rawRises(measured: Measured): string[] {
  // Noise owes nobody a falling curve.
  if (!followsGradient(measured)) return [];
  const { curve } = measured;
  const { raw, images } = curve;
  const rise = raw.findIndex((value, i) => i > 0 && value - (raw[i - 1] as number) > 1 / images + rounding);
  if (rise < 0) return [];
  const by = (raw[rise] as number) - (raw[rise - 1] as number);
  return [
    `raw-rises: ${curve.metric} is ${points(by)} higher at epsilon ${curve.points[rise]?.epsilon} than before it.`,
  ];
}

function brokenGradients({ track: { log } }: Measured): string[] {
  if (log.broken === 0) return [];
  return [`broken-gradients: ${percent(log.broken / log.gradients)} of the gradients hold NaN or infinity.`];
}

function zeroGradients({ track: { log } }: Measured): string[] {
  if (log.zero === 0) return [];
  return [`zero-gradients: ${percent(log.zero / log.gradients)} of the gradients are 0 everywhere.`];
}

/** Where `curve` is most above `other`, if by more than `tolerance` and by more than one image. */
function above(curve: RobustnessCurve, other: RobustnessCurve, tolerance: number) {
  const enough = Math.max(tolerance, 1 / curve.images) + rounding;
  const differences = curve.points.map(({ epsilon, value }, i) => ({
    epsilon,
    by: value - (other.points[i]?.value ?? value),
  }));
  const largest = differences.reduce((a, b) => (b.by > a.by ? b : a), { epsilon: 0, by: 0 });
  return largest.by > enough ? largest : undefined;
}

function noiseWins(measured: Measured, all: readonly Measured[]): string[] {
  if (!followsGradient(measured)) return [];
  return all
    .filter((other) => !followsGradient(other))
    .flatMap(({ curve }) => {
      const worse = above(measured.curve, curve, 0);
      if (!worse) return [];
      return [
        `noise-wins: at epsilon ${worse.epsilon}, ${curve.attack} takes ${points(worse.by)} more than this attack.`,
      ];
    });
}

function singleStepWins(measured: Measured, all: readonly Measured[]): string[] {
  if (!followsGradient(measured) || measured.track.singleStep) return [];
  return all
    .filter((other) => followsGradient(other) && other.track.singleStep)
    .flatMap(({ curve }) => {
      const worse = above(measured.curve, curve, 0.005);
      if (!worse) return [];
      return [
        `single-step-wins: at epsilon ${worse.epsilon}, ${curve.attack} takes ${points(worse.by)} more than this iterative attack.`,
      ];
    });
}

/** The flags of each curve, in order; all curves must be of the same images and epsilons. */
export function raiseFlags(all: readonly Measured[]): string[][] {
  return all.map((measured) => [
    ...rawRises(measured),
    ...brokenGradients(measured),
    ...zeroGradients(measured),
    ...noiseWins(measured, all),
    ...singleStepWins(measured, all),
  ]);
}
