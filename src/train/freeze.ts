import type * as tf from '@tensorflow/tfjs';
import { type BatchNormalization, freezeStatistics } from '../engine/gradients/batch-norm-layer.ts';
import { listChoices, UsageError } from '../errors.ts';
import type { Net } from '../nets/net.ts';

/**
 * What of a net is not trained: lists of patterns of layer names, in which `*` stands for anything. A pattern after `!`
 * takes layers out again; the last that fits a layer decides: `['*', '!fc']` is all but the last layer of a ResNet.
 */
export interface Freeze {
  /** Layers whose weights stay, gamma and beta of normalisations among them. */
  readonly weights?: readonly string[];
  /**
   * Batch normalisations that use their moving statistics in training too, and leave them as they are. Without it, the
   * statistics of layers with frozen weights go on moving.
   */
  readonly statistics?: readonly string[];
}

/**
 * Freezes a net for as long as it lives; a saved model knows nothing of it.
 *
 * Throws `UsageError` where a pattern fits no layer that has what it is to freeze, or where no weight is left to train.
 */
export function freeze({ name, model }: Net, { weights = [], statistics = [] }: Freeze): void {
  const trained = model.layers.filter((layer) => layer.trainableWeights.length > 0);
  for (const layer of chosen('freeze.weights', weights, trained)) {
    for (const weight of layer.trainableWeights) weight.trainable = false;
  }
  const norms = model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
  for (const layer of chosen('freeze.statistics', statistics, norms)) {
    freezeStatistics(layer as BatchNormalization);
  }
  if (model.trainableWeights.length > 0) return;
  throw new UsageError(
    `freeze.weights: expected patterns that leave something to train, received ${JSON.stringify(weights)}, which fit ` +
      `every layer of ${name}. Take some out again with a pattern after "!".`,
  );
}

function chosen(
  owner: string,
  patterns: readonly string[],
  layers: readonly tf.layers.Layer[],
): tf.layers.Layer[] {
  const rules = patterns.map((pattern) => ({
    pattern,
    takes: !pattern.startsWith('!'),
    fits: matcher(pattern),
  }));
  for (const { pattern, fits } of rules) {
    if (!layers.some(({ name }) => fits.test(name))) throw unknownLayer(owner, pattern, layers);
  }
  return layers.filter(({ name }) => rules.findLast(({ fits }) => fits.test(name))?.takes);
}

function matcher(pattern: string): RegExp {
  const parts = pattern.replace(/^!/, '').split('*');
  return new RegExp(`^${parts.map((part) => part.replace(/[^\w]/g, '\\$&')).join('.*')}$`, 's');
}

/** Names begin with their stage: enough to show which there are. */
function unknownLayer(owner: string, pattern: string, layers: readonly tf.layers.Layer[]): UsageError {
  const stages = [...new Set(layers.map(({ name }) => name.split('.')[0] as string))];
  const what = owner === 'freeze.weights' ? 'layer with weights' : 'batch normalisation';
  const there = stages.length > 0 ? `There are layers of ${listChoices(stages)}.` : 'There is none.';
  return new UsageError(`${owner}: no ${what} is named "${pattern.replace(/^!/, '')}". ${there}`);
}
