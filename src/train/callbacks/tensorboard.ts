import type * as tf from '@tensorflow/tfjs';
import { type AttackChoice, labelOf } from '../../attacks/create.ts';
import type { ChartCategory } from '../../summary/layout.ts';
import type { Callback } from '../callback.ts';
import type { Experiment } from '../experiment.ts';
import { hyperparametersOf } from '../hyperparameters.ts';
import { robustnessTag, trainedTag } from '../measurements.ts';
import { modelGraph } from '../model-graph.ts';
import type { GradientWatch } from '../watch-gradients.ts';

/**
 * Writes each record to TensorBoard as scalars, weights and the gradients of an epoch's last step as histograms; once,
 * the experiment as text and as hyperparameters, the net as a graph, and a layout that draws the epsilons of an attack
 * in one chart. The x axis is the epoch.
 */
export function tensorboard(gradients: GradientWatch): Callback {
  return {
    name: 'tensorboard',
    onRunStart({ experiment, summary, records, net, train }) {
      const json = JSON.stringify(experiment, null, 2);
      summary.text('experiment', `\`\`\`json\n${json}\n\`\`\``, records.length);
      summary.customScalars(layoutOf(experiment));
      summary.graph(modelGraph(net.model));
      summary.hparams(hyperparametersOf(experiment));
      // A single batch: a last one of one image is left out.
      if (train.samples.length <= experiment.data.batchSize + 1) gradients.arm();
    },
    onBatchEnd(_run, { batch, batches }) {
      if (batch === Math.max(batches - 2, 0)) gradients.arm();
    },
    onRecord({ summary, net, later }, { epoch, measurements, times }) {
      for (const [name, value] of Object.entries({ ...measurements, ...times }))
        summary.scalar(name, value, epoch);
      const slopes = gradients.take();
      for (const [i, weight] of net.model.trainableWeights.entries()) {
        const name = weight.originalName;
        summary.histogram(`weights/${name}`, weight.read() as tf.Tensor, epoch);
        const slope = slopes[i];
        if (slope) summary.histogram(`gradients/${name}`, slope, epoch);
        slope?.dispose();
      }
      // After the pictures, which are drawn later, and before the checkpoint: what is resumed has all of its epochs here.
      later(summary.flush);
    },
    onRunEnd({ summary, signal }) {
      if (!signal.aborted) summary.endOfSession('success');
    },
  };
}

function layoutOf({ metrics, robustness }: Experiment) {
  const charts = [
    { title: 'loss', tags: ['train/loss', 'validation/loss'] },
    ...metrics.map((metric) => ({ title: metric, tags: [`validation/${metric}`] })),
  ];
  const categories = [{ title: 'training', charts }];
  if (!robustness) return categories;
  const { attacks, norm, corruptions = [] } = robustness;
  const ofCorruptions = corruptions.map((name) => ({ title: name, tags: [`corruption/${name}/[1-5]`] }));
  return [
    ...categories,
    robustnessCharts(attacks, norm),
    ...(robustness.trainImages ? [overfittingCharts(robustness)] : []),
    ...(ofCorruptions.length > 0 ? [{ title: 'corruptions', charts: ofCorruptions }] : []),
  ];
}

/** The worst case on training images beside that on others: where they part, the net overfits to its attacked examples. */
function overfittingCharts({
  norm,
  epsilons,
}: Pick<NonNullable<Experiment['robustness']>, 'norm' | 'epsilons'>): ChartCategory {
  const charts = [...epsilons, 'auc' as const].map((epsilon) => ({
    title:
      epsilon === 'auc' ? `area under the worst case, ${norm}` : `worst case, ${norm} ${epsilon.toFixed(4)}`,
    tags: [trainedTag(norm, epsilon), robustnessTag('worst', norm, epsilon)],
  }));
  return { title: 'robust overfitting: training beside validation', charts };
}

/** The epsilons of each attack in one chart, the areas under the curves, and the medians. */
export function robustnessCharts(attacks: readonly AttackChoice[], norm: string): ChartCategory {
  const ofAttacks = [...attacks.map(labelOf), 'worst'].map((attack) => ({
    title: `${attack}, ${norm}`,
    tags: [`robustness/${attack}/${norm}/[0-9.]+`],
  }));
  const area = { title: `area under the curve, ${norm}`, tags: [`robustness/.+/${norm}/auc`] };
  const median = { title: `half of the images fooled, ${norm}`, tags: [`robustness/.+/${norm}/median`] };
  return { title: 'robustness', charts: [...ofAttacks, area, median] };
}
