import type * as tf from '@tensorflow/tfjs';
import { labelOf } from '../../attacks/create.ts';
import type { Callback } from '../callback.ts';
import type { Experiment } from '../experiment.ts';

/**
 * Writes each record to TensorBoard as scalars, the weights as histograms, the experiment as text, and a
 * layout that draws the epsilons of an attack in one chart. The x axis is the epoch.
 */
export function tensorboard(): Callback {
  return {
    name: 'tensorboard',
    onRunStart({ experiment, summary, records }) {
      const json = JSON.stringify(experiment, null, 2);
      summary.text('experiment', `\`\`\`json\n${json}\n\`\`\``, records.length);
      summary.customScalars(layoutOf(experiment));
    },
    onRecord({ summary, net }, { epoch, measurements, times }) {
      for (const [name, value] of Object.entries({ ...measurements, ...times }))
        summary.scalar(name, value, epoch);
      for (const weight of net.model.trainableWeights) {
        summary.histogram(`weights/${weight.originalName}`, weight.read() as tf.Tensor, epoch);
      }
      summary.flush();
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
  const { attacks, norm } = robustness;
  const ofAttacks = [...attacks.map(labelOf), 'worst'].map((attack) => ({
    title: `${attack}, ${norm}`,
    tags: [`robustness/${attack}/${norm}/[0-9.]+`],
  }));
  const area = { title: `area under the curve, ${norm}`, tags: [`robustness/.+/${norm}/auc`] };
  const median = { title: `half of the images fooled, ${norm}`, tags: [`robustness/.+/${norm}/median`] };
  const { corruptions = [] } = robustness;
  const ofCorruptions = corruptions.map((name) => ({ title: name, tags: [`corruption/${name}/[1-5]`] }));
  return [
    ...categories,
    { title: 'robustness', charts: [...ofAttacks, area, median] },
    ...(ofCorruptions.length > 0 ? [{ title: 'corruptions', charts: ofCorruptions }] : []),
  ];
}
