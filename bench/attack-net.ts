/**
 * Robustness curves of a net that bench/train-net.ts left in a folder; prints one JSON line. Run by bench/run.ts.
 *
 * One batch is attacked beforehand, at one epsilon and by the cheapest attack, so that nothing is timed for the first time.
 */
import { type AttackChoice, createAttack } from '../src/attacks/create.ts';
import type { NormName } from '../src/attacks/threat.ts';
import { useEngine } from '../src/engine/engine.ts';
import { lossOf } from '../src/losses/create.ts';
import { createRandom } from '../src/random.ts';
import { robustnessCurves } from '../src/robustness/curve.ts';
import { type MetricName, metricOf } from '../src/robustness/metrics/create.ts';
import { inference } from '../src/robustness/target.ts';
import { openTrained } from './trained.ts';

export interface AttackSettings {
  readonly attacks: readonly AttackChoice[];
  readonly norm: NormName;
  readonly epsilons: readonly number[];
  readonly metric: MetricName;
  /** At most; absent, all that are in the folder. */
  readonly images?: number;
}

export interface Attacked {
  readonly engine: string;
  readonly milliseconds: number;
  readonly peakMegabytes: number;
  readonly images: number;
  readonly curves: readonly {
    readonly attack: string;
    /** The metric at each epsilon, 0 left out unless it was asked for. */
    readonly values: readonly number[];
    readonly milliseconds: number;
    readonly gradientsPerImage: number;
    readonly forwardsPerImage: number;
  }[];
}

const [folder, text, threads] = process.argv.slice(2) as [string, string, string];
const { attacks, norm, epsilons, metric, images } = JSON.parse(text) as AttackSettings;
const engine = await useEngine('auto', { threads: Number(threads) });
const trained = await openTrained(folder);
using net = inference(trained.model);

const curvesOf = (choices: readonly AttackChoice[], at: readonly number[], limit?: number) =>
  robustnessCurves(trained.batches(limit), {
    net,
    attacks: choices.map(createAttack),
    norm,
    epsilons: at,
    metric: { name: metric, metric: metricOf(metric) },
    loss: lossOf('crossEntropy'),
    random: createRandom(1),
  });

await curvesOf([{ name: 'fgsm' }], epsilons.slice(-1), trained.batch);
const started = performance.now();
const { curves } = await curvesOf(attacks, epsilons, images);
const milliseconds = performance.now() - started;
const result: Attacked = {
  engine: engine.name,
  milliseconds,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
  images: curves[0]?.images ?? 0,
  curves: curves.map(({ attack, points, cost, images: count }) => ({
    attack,
    values: points.filter(({ epsilon }) => epsilons.includes(epsilon)).map(({ value }) => value),
    milliseconds: cost.seconds * 1000,
    gradientsPerImage: cost.gradients / count,
    forwardsPerImage: cost.forwards / count,
  })),
};
console.log(JSON.stringify(result));
