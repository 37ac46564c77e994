// What an experiment must be like for its data, once they are open.

import { requireSuited } from '../attacks/craft.ts';
import { createAttack } from '../attacks/create.ts';
import type { Dataset } from '../data/dataset.ts';
import { listChoices } from '../errors.ts';
import { metricOf } from '../robustness/metrics/create.ts';
import * as metrics from '../robustness/metrics/registry.ts';
import { checkDefence } from './defences/create.ts';
import type { Experiment } from './experiment.ts';
import { require } from './requirements.ts';

/**
 * Throws `UsageError` for what does not suit the task of the data: the net says whether it is segmentation, and only the data
 * whether images have several labels.
 */
export function checkTask(
  { metrics: chosen, robustness, defence }: Experiment,
  { name, task }: Dataset,
): void {
  const suited = Object.entries(metrics).filter(([, metric]) => metric.task === task);
  const expected = `metrics for ${task}, which is what ${name} is for: ${listChoices(suited.map(([metric]) => metric))}`;
  for (const metric of chosen) require(metricOf(metric).task === task, 'metrics', expected, metric);
  if (defence) checkDefence(defence, task);
  if (!robustness) return;
  for (const choice of robustness.attacks) requireSuited(createAttack(choice), robustness.norm, task);
  const several = task === 'multilabel';
  require(!(
    several && robustness.ambiguity
  ), 'robustness.ambiguity', 'none with several labels for an image', true);
  require(!(
    several && robustness.outliers
  ), 'robustness.outliers', 'none with several labels for an image', robustness.outliers);
}
