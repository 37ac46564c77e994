import { drawCurves } from '../../report/curve-plot.ts';
import { partialFlag } from '../../robustness/budget.ts';
import type { RobustnessCurve, RobustnessCurves } from '../../robustness/curve.ts';
import { type KeptImages, keptImages } from '../../robustness/kept-images.ts';
import type { NoiseControl } from '../../robustness/matched-noise.ts';
import type { NoiseName } from '../../robustness/noises.ts';
import { inference } from '../../robustness/target.ts';
import type { Callback, Measurements, Run } from '../callback.ts';
import { checkpointName } from '../checkpoints.ts';
import { epochsDue } from '../due.ts';
import { drawExamples, EXAMPLES, makeExamples } from '../examples.ts';
import { attackedImages, measureRobustness } from '../measure.ts';
import { measureNoise } from '../measure-unattacked.ts';
import { ATTACKED, controlTag, robustnessTag } from '../measurements.ts';
import { describeExamples } from '../report/gallery-data.ts';

/**
 * Measures robustness curves of every attack of the experiment, and the worst case over them, every
 * `everyEpochs` epochs and after the last one; on request also noise as visible as the worst case.
 *
 * The images and the random starts are the same every epoch, so that epochs compare; with a budget, how many of the
 * images there is time for, and the pictures of them after the last epoch only. Beside the figures it
 * writes curves/epoch-0010.json, and draws the curves and some adversarial images, as files and for TensorBoard.
 */
export function robustnessMeasurement(): Callback {
  return {
    name: 'robustness',
    async onMeasure(run, { epoch, seconds }) {
      const { robustness, epochs } = run.experiment;
      const since = epochsDue(run.experiment, epoch);
      if (!robustness || !since) return {};
      // A second or so, which a budget did not allow for.
      const shows = robustness.budget === undefined || epoch === epochs;
      const shown = shows ? imagesShown(run, robustness) : undefined;
      // The epochs that were not evaluated took about as long.
      const measured = await curvesOf(run, robustness, since * (seconds ?? 0), shown);
      const flags = report(run, epoch, measured);
      const control = robustness.noise && (await controlOf(run, robustness.noise, measured.worst));
      await keep(run, epoch, measured, control);
      if (shown) await keepExamples(run, epoch, robustness, shown);
      const ofCurves = [...measured.curves, measured.worst].map(measurementsOf);
      return {
        ...Object.assign({}, ...ofCurves, control && controlMeasurements(control, robustness.norm)),
        'robustness/flags': flags.length,
        ...(robustness.budget !== undefined && { [ATTACKED]: measured.worst.images }),
      };
    },
  };
}

type Options = NonNullable<Run['experiment']['robustness']>;

async function curvesOf(
  run: Run,
  { attacks, norm, epsilons, images, budget, quantise, unseen }: Options,
  trained: number,
  keep: KeptImages | undefined,
): Promise<RobustnessCurves> {
  const { metrics, loss, data } = run.experiment;
  using target = inference(run.net.model);
  return await measureRobustness(target, run.validation, {
    ...{ attacks, norm, epsilons, images, loss, quantise, keep },
    ...(unseen && { unseen: 'all' }),
    ...(budget !== undefined && { seconds: budget * trained }),
    metric: metrics[0],
    batchSize: data.batchSize,
    random: streamOf(run),
    signal: run.signal,
  });
}

/** A curve of fewer images than were asked for says so wherever it is shown. */
function declarePartial(run: Run, epoch: number, flag: string): void {
  run.log.info({ epoch }, `epoch ${epoch}: ${flag}`);
  run.summary.text('robustness/partial', flag, epoch);
}

const streamOf = (run: Run) => run.random.stream('robustness');

interface Flag {
  /** The attack whose curve it doubts, or the net. */
  readonly of: string;
  readonly flag: string;
}

function flagsIn({ flags, curves }: RobustnessCurves): Flag[] {
  const ofNet = flags.map((flag) => ({ of: 'the net', flag }));
  return [...ofNet, ...curves.flatMap((curve) => curve.flags.map((flag) => ({ of: curve.attack, flag })))];
}

/**
 * Flags go to the log, where the terminal shows them, and to TensorBoard; curves/ has them in any case. Gives them but for
 * that of a curve of fewer images than were asked for, which is nobody's fault.
 */
function report(run: Run, epoch: number, measured: RobustnessCurves): Flag[] {
  const partial = partialFlag(measured.worst);
  if (partial) declarePartial(run, epoch, partial);
  const flags = flagsIn(measured).filter(({ flag }) => flag !== partial);
  for (const { of, flag } of flags) run.log.warn({ epoch, attack: of }, `epoch ${epoch}, ${of}: ${flag}`);
  const lines = flags.map(({ of, flag }) => `- ${of}: ${flag}`);
  // Not the tag of their number: in TensorBoard a tag is of one kind, and the other is not shown.
  run.summary.text('robustness/flags/named', lines.length > 0 ? lines.join('\n') : 'No flags.', epoch);
  return flags;
}

function measurementsOf(curve: RobustnessCurve): Measurements {
  const { attack, norm, points, area, median, unseen } = curve;
  const values = points.map(({ epsilon, value }) => [robustnessTag(attack, norm, epsilon), value] as const);
  return {
    ...Object.fromEntries(values),
    [robustnessTag(attack, norm, 'auc')]: area,
    ...(typeof median === 'number' && { [robustnessTag(attack, norm, 'median')]: median }),
    ...(unseen && { [robustnessTag(attack, norm, 'unseen')]: unseen.epsilon }),
  };
}

async function controlOf(run: Run, noise: NoiseName, curve: RobustnessCurve): Promise<NoiseControl> {
  const { metrics, data } = run.experiment;
  using target = inference(run.net.model);
  const options = {
    images: curve.images,
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
  { curves, worst, flags, checks }: RobustnessCurves,
  control: NoiseControl | undefined,
): Promise<void> {
  const { directory, summary, experiment } = run;
  const name = checkpointName(epoch);
  await directory.write(
    `curves/${name}.json`,
    `${JSON.stringify({ epoch, curves, worst, control, flags, checks }, null, 2)}\n`,
  );
  run.later(async () => {
    const plot = await plotCurves(`${experiment.name}, epoch ${epoch}${partly(worst)}`, [...curves, worst]);
    await directory.write(`images/${name}-curves.png`, plot);
    summary.image('robustness/curves', plot, epoch);
  });
}

/** The first images that are attacked, at the middle epsilon of the curves, where attacks differ most. */
function imagesShown(run: Run, { epsilons, images }: Options): KeptImages {
  const { samples } = attackedImages(run.validation, images, streamOf(run));
  const ids = samples.slice(0, EXAMPLES).map(({ id }) => id);
  return keptImages(epsilons[epsilons.length >> 1] ?? 0, ids);
}

async function keepExamples(
  run: Run,
  epoch: number,
  { attacks, norm, images }: Options,
  { epsilon, pixels }: KeptImages,
): Promise<void> {
  const random = streamOf(run);
  using target = inference(run.net.model);
  const examples = await makeExamples(target, attackedImages(run.validation, images, random), {
    ...{ attacks, norm, epsilon, loss: run.experiment.loss, made: pixels },
    random: random.stream('examples'),
  });
  run.later(async () => {
    const picture = await drawExamples(examples);
    const name = `images/${checkpointName(epoch)}-examples`;
    await run.directory.write(`${name}.png`, picture);
    await run.directory.write(`${name}.json`, JSON.stringify(await describeExamples(examples, epoch)));
    run.summary.image('robustness/examples', picture, epoch);
  });
}

/** For titles: how many images, where that is not all. */
export function partly({ images, budget }: RobustnessCurve): string {
  return budget && images < budget.asked ? ` (${images} of ${budget.asked} images)` : '';
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
