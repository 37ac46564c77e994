import type { MetricName } from '../../robustness/metrics/create.ts';
import { inference } from '../../robustness/target.ts';
import type { Callback, Measurements, Run } from '../callback.ts';
import { measureRobustness } from '../measure.ts';
import { overfittingMeasurements } from '../measurements.ts';

/** How much more of a metric may stand under the single step than under PGD. */
const mostLead = 0.2;

/**
 * Watches a net that trains on single steps: after each epoch it attacks a batch of training images, the same each time,
 * by `fgsm` and by `pgd` of ten steps within the epsilon of the defence, and says so where the net withstands the former
 * alone (Kim, Lee and Lee 2021, arXiv:2010.01799). Records `defence/fgsm`, `defence/pgd` and `defence/catastrophic-overfitting`, which is 1 when raised.
 */
export function catastrophicOverfitting(): Callback {
  return {
    name: 'catastrophic-overfitting',
    async onMeasure(run, { epoch }): Promise<Measurements> {
      const { fgsm, pgd } = await standing(run);
      const raised = isOverfitting(fgsm, pgd);
      if (raised) {
        const shares = `${fgsm.toFixed(3)} under fgsm, but ${pgd.toFixed(3)} under pgd`;
        const flag = `catastrophic-overfitting: the net is right on ${shares}.`;
        run.log.warn({ epoch, flag: 'catastrophic-overfitting' }, `epoch ${epoch}: ${flag}`);
      }
      return overfittingMeasurements({ fgsm, pgd, raised });
    },
  };
}

/** Whether a net has learnt single steps and nothing else, by what of it stands under each attack. */
export function isOverfitting(fgsm: number, pgd: number): boolean {
  return fgsm - pgd > mostLead;
}

/** The share of images, or the mean share of pixels, that is right under each attack. */
async function standing(run: Run): Promise<{ fgsm: number; pgd: number }> {
  const { defence, data, loss } = run.experiment;
  if (!defence) throw new TypeError('Only a defence can overfit to its attack.');
  const { norm = 'linf', epsilon = 0 } = defence;
  const random = run.random.stream('catastrophic-overfitting');
  using target = inference(run.net.model);
  const { curves } = await measureRobustness(target, run.train, {
    attacks: [{ name: 'fgsm' }, { name: 'pgd' }],
    norm: norm as 'linf' | 'l2' | 'l1',
    epsilons: [epsilon],
    images: data.batchSize,
    metric: { classification: 'accuracy', multilabel: 'labelAccuracy', segmentation: 'pixelAccuracy' }[
      run.train.task
    ] as MetricName,
    ...{ loss, random, batchSize: data.batchSize, signal: run.signal },
  });
  const [fgsm, pgd] = curves.map(({ points }) => points.at(-1)?.value as number);
  return { fgsm: fgsm as number, pgd: pgd as number };
}
