// What `adversarialEvaluation` finds out before the first epoch, and says.

import * as tf from '@tensorflow/tfjs';
import { requireSuited } from '../../../attacks/craft.ts';
import { createAttack } from '../../../attacks/create.ts';
import type { Dataset } from '../../../data/dataset.ts';
import { UsageError } from '../../../errors.ts';
import { type FoundOutputs, findOutputs } from '../../../robustness/found-outputs.ts';
import { imageScoreOf } from '../../../robustness/metric.ts';
import { type MetricName, metricOf } from '../../../robustness/metrics/create.ts';
import { requireOutputs } from '../../../robustness/outputs.ts';
import { OWNER, type Settings } from './adversarial-options.ts';
import { datasetOf, extentOf } from './validation-data.ts';

/** What of a model and its data does not change in training. */
export interface Subject {
  readonly found: FoundOutputs;
  readonly dataset: Dataset;
  readonly metric: MetricName;
}

/** Throws `UsageError` for a model, data, attacks and a metric that do not go together. */
export function subjectOf(model: tf.LayersModel, settings: Settings): Subject {
  const { validationData, pixels, log, attacks, norm } = settings;
  const { task, classes, single } = shapeOf(model);
  const dataset = datasetOf(validationData, { task, classes, pixels });
  requireImagesOf(model, dataset);
  const metric = settings.metric ?? (task === 'classification' ? 'accuracy' : 'dice');
  requireMetric(metric, task);
  for (const choice of attacks) requireSuited(createAttack(choice), norm, task);
  const found = outputsFound(model, settings);
  log(`${OWNER}: ${found.said}${single ? '; one value stands for two classes' : ''}.`);
  if (found.flag) log(`${OWNER}: ${found.flag}`);
  if (model.outputs.length > 1) log(`${OWNER}: the first of ${model.outputs.length} outputs is attacked.`);
  warnOfRange(settings);
  return { found, dataset, metric };
}

function shapeOf(model: tf.LayersModel) {
  const [output] = model.outputs;
  if (!output || model.inputs.length !== 1 || output.rank > 4) {
    const shapes = model.outputs.map(({ shape }) => `[${shape}]`).join(', ');
    throw new UsageError(
      `${OWNER}: expected a model with one input and outputs [n, classes] or [n, height, width, classes], ` +
        `received one with ${model.inputs.length} inputs and outputs ${shapes}.`,
    );
  }
  const last = output.shape.at(-1) ?? 1;
  const single = output.rank % 2 === 1 || last === 1;
  const task = output.rank > 2 ? ('segmentation' as const) : ('classification' as const);
  return { task, classes: single ? 2 : last, single };
}

function requireImagesOf(model: tf.LayersModel, { imageShape, task }: Dataset): void {
  const taken = model.inputs[0]!.shape.slice(1);
  const given = task === 'segmentation' ? model.outputs[0]!.shape.slice(1, 3) : [];
  const fits = (shape: readonly (number | null)[]) =>
    shape.every((size, i) => size === null || size === imageShape[i]);
  if (taken.length === 3 && fits(taken) && fits(given)) return;
  throw new UsageError(
    `${OWNER}: validationData has images [${['n', ...imageShape]}], but the model takes [${['n', ...taken]}]` +
      `${fits(given) ? '' : ` and gives maps of ${given.join(' × ')}`}.`,
  );
}

function requireMetric(name: MetricName, task: Dataset['task']): void {
  const metric = metricOf(name);
  imageScoreOf({ name, metric });
  if (metric.task === task) return;
  throw new UsageError(`${OWNER}: the metric ${name} is for ${metric.task}, and the model does ${task}.`);
}

function outputsFound(model: tf.LayersModel, { validationData, outputs, batchSize }: Settings): FoundOutputs {
  const [images] = validationData;
  const some = tf.tidy(() => images.slice([0], [Math.min(batchSize, images.shape[0] as number)]).toFloat());
  const found = findOutputs(model, some, outputs);
  some.dispose();
  requireOutputs(model.outputs[0]!.shape, found.outputs);
  return found;
}

/** Images in [0, 1] that are said to be in [0, 255] would be attacked with a 255th of the epsilon. */
function warnOfRange({ validationData: [images], pixels: [low, high], log }: Settings): void {
  const [least, most] = extentOf(images);
  if (most - least >= (high - low) / 10) return;
  log(
    `${OWNER}: the pixels are said to be from ${low} to ${high}, but are from ${least} to ${most}. ` +
      'Epsilons are fractions of the range said: check the option pixels.',
  );
}
