import { partialFlag } from '../../robustness/budget.ts';
import type { RobustnessCurve } from '../../robustness/curve.ts';
import { inference } from '../../robustness/target.ts';
import type { Callback, Run } from '../callback.ts';
import { epochsDue } from '../due.ts';
import { measureRobustness } from '../measure.ts';
import { TRAINED_ATTACKED, trainedTag } from '../measurements.ts';

/**
 * Attacks images of the training split too, where the experiment says how many: the same ones every time, as they are
 * without augmentation, by the attacks and at the epsilons of the validation split.
 *
 * Records the worst case over the attacks, as `train/robustness/worst/linf/0.0157` and `train/robustness/worst/linf/auc`.
 * Where it rises while that of the validation split falls, the net overfits to its attacked examples: Rice, Wong and
 * Kolter 2020, arXiv:2002.11569. A budget holds for these images anew, and
 * `train/robustness/images` says of how many there was time for.
 */
export function trainingRobustness(): Callback {
  return {
    name: 'training-robustness',
    async onMeasure(run, { epoch, seconds = 0 }) {
      const { robustness } = run.experiment;
      const since = epochsDue(run.experiment, epoch);
      if (!robustness?.trainImages || !since) return {};
      const worst = await worstOf(run, robustness, since * seconds);
      const { norm, points, area, images } = worst;
      const partial = partialFlag(worst);
      if (partial) run.log.info({ epoch }, `epoch ${epoch}, training images: ${partial}`);
      const values = points.map(({ epsilon, value }) => [trainedTag(norm, epsilon), value] as const);
      return {
        ...Object.fromEntries(values),
        [trainedTag(norm, 'auc')]: area,
        ...(robustness.budget !== undefined && { [TRAINED_ATTACKED]: images }),
      };
    },
  };
}

async function worstOf(
  run: Run,
  {
    attacks,
    norm,
    epsilons,
    trainImages = 0,
    budget,
    quantise,
  }: NonNullable<Run['experiment']['robustness']>,
  trained: number,
): Promise<RobustnessCurve> {
  const { metrics, loss, data } = run.experiment;
  using target = inference(run.net.model);
  const { worst } = await measureRobustness(target, run.train, {
    ...{ attacks, norm, epsilons, images: trainImages, loss, quantise },
    ...(budget !== undefined && { seconds: budget * trained }),
    metric: metrics[0],
    batchSize: data.batchSize,
    random: run.random.stream('training-robustness'),
    signal: run.signal,
  });
  return worst;
}
