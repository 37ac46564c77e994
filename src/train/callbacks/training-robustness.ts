import type { RobustnessCurve } from '../../robustness/curve.ts';
import { inference } from '../../robustness/target.ts';
import type { Callback, Run } from '../callback.ts';
import { measureRobustness } from '../measure.ts';
import { trainedTag } from '../measurements.ts';

/**
 * Attacks images of the training split too, where the experiment says how many: the same ones every time, as they are
 * without augmentation, by the attacks and at the epsilons of the validation split.
 *
 * Records the worst case over the attacks, as `train/robustness/worst/linf/0.0157` and `train/robustness/worst/linf/auc`.
 * Where it rises while that of the validation split falls, the net overfits to its attacked examples: Rice, Wong and
 * Kolter 2020, arXiv:2002.11569. A budget holds for these images anew.
 */
export function trainingRobustness(): Callback {
  return {
    name: 'training-robustness',
    async onMeasure(run, { epoch, seconds = 0 }) {
      const { robustness, epochs } = run.experiment;
      if (!robustness?.trainImages) return {};
      if (epoch % robustness.everyEpochs !== 0 && epoch !== epochs) return {};
      const { norm, points, area } = await worstOf(run, robustness, seconds);
      const values = points.map(({ epsilon, value }) => [trainedTag(norm, epsilon), value] as const);
      return { ...Object.fromEntries(values), [trainedTag(norm, 'auc')]: area };
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
