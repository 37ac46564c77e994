import { drawCurves } from '../../report/curve-plot.ts';
import { areaUnder, type RobustnessCurve, type RobustnessCurves } from '../../robustness/curve.ts';
import type { NoiseControl } from '../../robustness/matched-noise.ts';
import type { NoiseName } from '../../robustness/noises.ts';
import { inference } from '../../robustness/target.ts';
import type { Callback, Measurements, Run } from '../callback.ts';
import { checkpointName } from '../checkpoints.ts';
import { drawExamples } from '../examples.ts';
import { attackedImages, measureRobustness } from '../measure.ts';
import { measureNoise } from '../measure-unattacked.ts';
import { controlTag, robustnessTag } from '../measurements.ts';

/**
 * Measures robustness curves of every attack of the experiment, and the worst case over them, every
 * `everyEpochs` epochs and after the last one; on request also noise as visible as the worst case.
 *
 * The images and the random starts are the same every epoch, so that epochs compare. Beside the figures it
 * writes curves/epoch-0010.json, and draws the curves and some adversarial images, as files and for TensorBoard.
 */
export function robustnessMeasurement(): Callback {
  return {
    name: 'robustness',
    async onMeasure(run, { epoch }) {
      const { robustness, epochs } = run.experiment;
      if (!robustness || (epoch % robustness.everyEpochs !== 0 && epoch !== epochs)) return {};
      const measured = await curvesOf(run, robustness);
      for (const { attack, flags } of measured.curves) {
        for (const flag of flags) run.log.warn({ epoch, attack }, `epoch ${epoch}, ${attack}: ${flag}`);
      }
      const control = robustness.noise && (await controlOf(run, robustness.noise, measured.worst));
      await keep(run, epoch, measured, control);
      await keepExamples(run, epoch, robustness);
      const ofCurves = [...measured.curves, measured.worst].map(measurementsOf);
      return Object.assign({}, ...ofCurves, control && controlMeasurements(control, robustness.norm));
    },
  };
}

type Options = NonNullable<Run['experiment']['robustness']>;

async function curvesOf(run: Run, { attacks, norm, epsilons, images }: Options): Promise<RobustnessCurves> {
  const { metrics, loss, data } = run.experiment;
  using target = inference(run.net.model);
  return await measureRobustness(target, run.validation, {
    ...{ attacks, norm, epsilons, images, loss },
    metric: metrics[0],
    batchSize: data.batchSize,
    random: streamOf(run),
    signal: run.signal,
  });
}

const streamOf = (run: Run) => run.random.stream('robustness');

function measurementsOf(curve: RobustnessCurve): Measurements {
  const { attack, norm, points } = curve;
  const values = points.map(({ epsilon, value }) => [robustnessTag(attack, norm, epsilon), value] as const);
  return { ...Object.fromEntries(values), [robustnessTag(attack, norm, 'auc')]: areaUnder(curve) };
}

async function controlOf(run: Run, noise: NoiseName, curve: RobustnessCurve): Promise<NoiseControl> {
  const { metrics, data, robustness } = run.experiment;
  using target = inference(run.net.model);
  const options = {
    images: robustness?.images ?? 0,
    metric: metrics[0],
    batchSize: data.batchSize,
    random: streamOf(run),
    signal: run.signal,
  };
  return await measureNoise(target, run.validation, { noise, curve }, options);
}

function controlMeasurements({ noise, points }: NoiseControl, norm: string): Measurements {
  return Object.fromEntries(
    points.map(({ epsilon, value }) => [controlTag(noise, norm, epsilon), value] as const),
  );
}

async function keep(
  run: Run,
  epoch: number,
  { curves, worst }: RobustnessCurves,
  control: NoiseControl | undefined,
): Promise<void> {
  const { directory, summary, experiment } = run;
  const name = checkpointName(epoch);
  await directory.write(
    `curves/${name}.json`,
    `${JSON.stringify({ epoch, curves, worst, control }, null, 2)}\n`,
  );
  const plot = await plotCurves(`${experiment.name}, epoch ${epoch}`, [...curves, worst]);
  await directory.write(`images/${name}-curves.png`, plot);
  summary.image('robustness/curves', plot, epoch);
}

/** Shows the middle epsilon of the curves, where attacks differ most. */
async function keepExamples(
  run: Run,
  epoch: number,
  { attacks, norm, epsilons, images }: Options,
): Promise<void> {
  const epsilon = epsilons[epsilons.length >> 1] ?? 0;
  const random = streamOf(run);
  using target = inference(run.net.model);
  const picture = await drawExamples(target, attackedImages(run.validation, images, random), {
    ...{ attacks, norm, epsilon, loss: run.experiment.loss },
    random: random.stream('examples'),
  });
  await run.directory.write(`images/${checkpointName(epoch)}-examples.png`, picture);
  run.summary.image('robustness/examples', picture, epoch);
}

/** All curves in one picture, the last being the worst case; that is left out where there is one attack. */
export function plotCurves(title: string, all: readonly RobustnessCurve[]): Promise<Uint8Array> {
  const shown = all.length > 2 ? all : all.slice(0, 1);
  const curves = shown.map(({ attack, points }, index) => ({
    name: attack,
    points: points.map(({ epsilon, value, low, high }) => ({ x: epsilon, y: value, low, high })),
    beneath: index > 0 && index === shown.length - 1,
  }));
  const { metric = '', norm = '' } = all[0] ?? {};
  return drawCurves({ title, xLabel: `epsilon (${norm})`, yLabel: metric, curves });
}
