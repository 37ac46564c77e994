import { inference } from '../../robustness/target.ts';
import type { Callback, Measurements, Run } from '../callback.ts';
import { checkpointName } from '../checkpoints.ts';
import { epochsDue } from '../due.ts';
import { measureAmbiguity, measureCorruptions, measureOutliers } from '../measure-unattacked.ts';
import { ambiguityMeasurements, corruptionTag, outlierMeasurements } from '../measurements.ts';

/**
 * Measures what the experiment asks for of images that nobody attacks, when robustness is measured: the first metric
 * under corruptions (also in curves/epoch-0010-corruptions.json), outliers and ambiguity.
 *
 * The images and what is random in their corruptions are the same every epoch, so that epochs compare.
 */
export function unattackedMeasurement(): Callback {
  return {
    name: 'unattacked',
    async onMeasure(run, { epoch }) {
      const { robustness } = run.experiment;
      if (!robustness || !epochsDue(run.experiment, epoch)) return {};
      return {
        ...(robustness.corruptions && (await underCorruptions(run, epoch, robustness.corruptions))),
        ...(await uncertainty(run, robustness)),
      };
    },
  };
}

type Options = NonNullable<Run['experiment']['robustness']>;

function optionsOf({ experiment, random, signal }: Run) {
  const { metrics, data, robustness } = experiment;
  const images = robustness?.images ?? 0;
  const { batchSize } = data;
  return { images, metric: metrics[0], batchSize, random: random.stream('robustness'), signal };
}

async function underCorruptions(
  run: Run,
  epoch: number,
  corruptions: NonNullable<Options['corruptions']>,
): Promise<Measurements> {
  using target = inference(run.net.model);
  const scores = await measureCorruptions(target, run.validation, corruptions, optionsOf(run));
  const { seconds, ...lasting } = scores;
  const file = `curves/${checkpointName(epoch)}-corruptions.json`;
  await run.directory.write(file, `${JSON.stringify({ epoch, ...lasting }, null, 2)}\n`);
  const each = scores.points.map(
    ({ corruption, severity, value }) => [corruptionTag(corruption, severity), value] as const,
  );
  return { ...Object.fromEntries(each), 'corruption/mean': scores.mean, 'time/corruptions': seconds };
}

async function uncertainty(run: Run, { outliers, ambiguity }: Options): Promise<Measurements> {
  if (!outliers && !ambiguity) return {};
  const options = optionsOf(run);
  using target = inference(run.net.model);
  const found = outliers && (await measureOutliers(target, run.validation, outliers, options));
  const mixed = ambiguity && (await measureAmbiguity(target, run.validation, options));
  return { ...(found && outlierMeasurements(found)), ...(mixed && ambiguityMeasurements(mixed)) };
}
