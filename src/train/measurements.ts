// The names of measurements, and what they mean without opening any data.

import { labelOf } from '../attacks/create.ts';
import { SEVERITIES } from '../robustness/corruptions/corrupt.ts';
import { type MetricName, metricOf } from '../robustness/metrics/create.ts';
import type { AmbiguityScores, OutlierScores } from '../robustness/uncertainty.ts';
import type { Measurements } from './callback.ts';
import { isSingleStep } from './defences/create.ts';
import type { Experiment } from './experiment.ts';

export type Better = 'higher' | 'lower';

/** `robustness/pgd/linf/0.0314`; `worst` in place of the attack for the worst case over all of them. */
export function robustnessTag(
  attack: string,
  norm: string,
  epsilon: number | 'auc' | 'median' | 'unseen',
): string {
  return `robustness/${attack}/${norm}/${typeof epsilon === 'string' ? epsilon : epsilon.toFixed(4)}`;
}

/** `train/robustness/worst/linf/0.0157`: the worst case over attacks on images of the training split. */
export function trainedTag(norm: string, epsilon: number | 'auc'): string {
  return `train/${robustnessTag('worst', norm, epsilon)}`;
}

/** How many images were attacked, where a budget decides that. */
export const ATTACKED = 'robustness/images';
export const TRAINED_ATTACKED = 'train/robustness/images';

/** `corruption/gaussianNoise/3`. */
export function corruptionTag(corruption: string, severity: number): string {
  return `corruption/${corruption}/${severity}`;
}

/** `control/gaussianNoise/linf/0.0314`: noise as visible as the worst case at that epsilon. */
export function controlTag(noise: string, norm: string, epsilon: number): string {
  return `control/${noise}/${norm}/${epsilon.toFixed(4)}`;
}

export function outlierMeasurements({ maxSoftmax, energy }: OutlierScores): Measurements {
  return { 'outliers/maxSoftmax': maxSoftmax, 'outliers/energy': energy };
}

export function ambiguityMeasurements({ margin, entropy, auroc }: AmbiguityScores): Measurements {
  return {
    'ambiguity/margin': margin.mixed,
    'ambiguity/entropy': entropy.mixed,
    'ambiguity/cleanMargin': margin.clean,
    'ambiguity/cleanEntropy': entropy.clean,
    'ambiguity/auroc': auroc,
  };
}

/** What is right under both attacks on a net that trains on single steps, and whether it overfits to these. */
export function overfittingMeasurements(found: { fgsm: number; pgd: number; raised: boolean }): Measurements {
  return {
    'defence/fgsm': found.fgsm,
    'defence/pgd': found.pgd,
    'defence/catastrophic-overfitting': found.raised ? 1 : 0,
  };
}

function unattackedMeasurements(robustness: NonNullable<Experiment['robustness']>): string[] {
  const { corruptions, noise, norm, epsilons, outliers, ambiguity } = robustness;
  const nothing = { clean: 0, mixed: 0 };
  return [
    ...(corruptions ?? []).flatMap((name) => SEVERITIES.map((severity) => corruptionTag(name, severity))),
    ...(corruptions ? ['corruption/mean'] : []),
    ...(noise ? [...new Set([0, ...epsilons])].map((epsilon) => controlTag(noise, norm, epsilon)) : []),
    ...(outliers
      ? Object.keys(outlierMeasurements({ images: 0, outliers: 0, maxSoftmax: 0, energy: 0 }))
      : []),
    ...(ambiguity
      ? Object.keys(
          ambiguityMeasurements({ images: 0, mixtures: 0, margin: nothing, entropy: nothing, auroc: 0 }),
        )
      : []),
  ];
}

/** Everything that a run of `experiment` records, but for times. */
export function measurementsOf(experiment: Experiment): string[] {
  const names = [
    'train/loss',
    ...(experiment.schedule ? ['train/learningRate'] : []),
    'validation/loss',
    ...experiment.metrics.map((metric) => `validation/${metric}`),
  ];
  const { defence, robustness } = experiment;
  if (defence && isSingleStep(defence)) {
    names.push(...Object.keys(overfittingMeasurements({ fgsm: 0, pgd: 0, raised: false })));
  }
  if (!robustness) return names;
  for (const attack of [...robustness.attacks.map(labelOf), 'worst']) {
    for (const epsilon of new Set([0, ...robustness.epsilons]))
      names.push(robustnessTag(attack, robustness.norm, epsilon));
    names.push(robustnessTag(attack, robustness.norm, 'auc'));
    if (metricOf(experiment.metrics[0]).task === 'classification')
      names.push(robustnessTag(attack, robustness.norm, 'median'));
    if (robustness.unseen && attack !== 'worst') names.push(robustnessTag(attack, robustness.norm, 'unseen'));
  }
  if (robustness.trainImages) {
    const { norm, epsilons } = robustness;
    names.push(
      ...[...new Set([0, ...epsilons])].map((epsilon) => trainedTag(norm, epsilon)),
      trainedTag(norm, 'auc'),
      ...(robustness.budget !== undefined ? [TRAINED_ATTACKED] : []),
    );
  }
  if (robustness.budget !== undefined) names.push(ATTACKED);
  names.push('robustness/flags', ...unattackedMeasurements(robustness));
  return names;
}

/** Which way a measurement improves: as its metric does, or down for a loss. */
export function betterOf(experiment: Experiment, measurement: string): Better {
  if (measurement.endsWith('/loss')) return 'lower';
  if (measurement === 'ambiguity/margin' || measurement === 'robustness/flags') return 'lower';
  if (measurement.startsWith('defence/')) return measurement.endsWith('overfitting') ? 'lower' : 'higher';
  const name = measurement.startsWith('validation/')
    ? measurement.slice('validation/'.length)
    : experiment.metrics[0];
  return metricOf(name as MetricName).better;
}

/** What decides which epoch is best: a measurement, or the mean of several. */
export interface Measure {
  readonly measurement: string | readonly string[];
  readonly better: Better;
}

/** `validation/dice`, or `mean of validation/dice, robustness/worst/linf/auc`. */
export function nameOfMeasure(measurement: Measure['measurement']): string {
  return typeof measurement === 'string' ? measurement : `mean of ${measurement.join(', ')}`;
}

/** Undefined where the measurement, or one of several, was not recorded. */
export function valueOfMeasure(
  measurements: Measurements,
  measurement: Measure['measurement'],
): number | undefined {
  const values = [measurement].flat().map((name) => measurements[name]);
  const known = values.filter((value) => value !== undefined);
  if (known.length < values.length) return undefined;
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** What decides the best checkpoint. */
export function bestMeasurement(experiment: Experiment): Measure {
  const measurement = experiment.checkpoints?.best ?? `validation/${experiment.metrics[0]}`;
  return { measurement, better: experiment.checkpoints?.better ?? betterOfMeasure(experiment, measurement) };
}

/** Of several measurements, which way the first one improves. */
export function betterOfMeasure(experiment: Experiment, measurement: Measure['measurement']): Better {
  return betterOf(experiment, [measurement].flat()[0] as string);
}

/** Area under the worst-case curve: what decides the most robust checkpoint; undefined where nothing is attacked. */
export function robustMeasurement(
  experiment: Experiment,
): { measurement: string; better: Better } | undefined {
  if (!experiment.robustness) return undefined;
  const measurement = robustnessTag('worst', experiment.robustness.norm, 'auc');
  return { measurement, better: betterOf(experiment, measurement) };
}

/** The epoch with the best value, the first of equals; undefined where it was never recorded. */
export function bestEpoch(
  records: readonly { readonly epoch: number; readonly measurements: Measurements }[],
  { measurement, better }: Measure,
): number | undefined {
  const sign = better === 'higher' ? 1 : -1;
  let best: { epoch: number; value: number } | undefined;
  for (const { epoch, measurements } of records) {
    const value = valueOfMeasure(measurements, measurement);
    if (value === undefined) continue;
    if (!best || sign * value > sign * best.value) best = { epoch, value };
  }
  return best?.epoch;
}

/** Times apart from the rest; figures that are not finite (an AUROC of one class) are left out. */
export function splitTimes(all: Measurements): { measurements: Measurements; times: Measurements } {
  const finite = Object.entries(all).filter(([, value]) => Number.isFinite(value));
  const isTime = ([name]: [string, number]) => name.startsWith('time/');
  return {
    measurements: Object.fromEntries(finite.filter((entry) => !isTime(entry))),
    times: Object.fromEntries(finite.filter(isTime)),
  };
}
