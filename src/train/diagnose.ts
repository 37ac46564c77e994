// Whether the robustness of a trained net is to be believed: every sanity check, on a part of a split.

import type * as tf from '@tensorflow/tfjs';
import { requireSuited } from '../attacks/craft.ts';
import { type AttackChoice, createAttack } from '../attacks/create.ts';
import type { NormName, ThreatModel } from '../attacks/threat.ts';
import { batches } from '../data/batches.ts';
import type { Batch, Dataset } from '../data/dataset.ts';
import { UsageError } from '../errors.ts';
import { lossOf } from '../losses/create.ts';
import { createRandom, type Random } from '../random.ts';
import type { RobustnessCurves } from '../robustness/curve.ts';
import { attempt, cleanScores } from '../robustness/diagnostics/attempts.ts';
import { type Checked, checked, flagsOf, type Subject } from '../robustness/diagnostics/diagnostic.ts';
import { gradientLengths } from '../robustness/diagnostics/gradient-lengths.ts';
import { attackChecks, recordChecks } from '../robustness/diagnostics/registry.ts';
import { imageScoreOf } from '../robustness/metric.ts';
import { metricOf } from '../robustness/metrics/create.ts';
import { type Classifier, inference } from '../robustness/target.ts';
import type { Experiment } from './experiment.ts';
import { fillAttack } from './fill-choices.ts';
import { attackedImages, measureRobustness } from './measure.ts';

/** Plain data, written to disk as it is. */
export interface Diagnosis {
  readonly experiment: string;
  readonly net: string;
  readonly split: string;
  readonly images: number;
  readonly norm: NormName;
  /** Of the checks that attack. */
  readonly epsilon: number;
  /** The attack that these vary. */
  readonly attack: AttackChoice;
  /** In the order of docs/sanity-checks.md; those of curves once for each attack. */
  readonly checks: readonly Checked[];
  readonly flags: readonly string[];
  /** Lengths of the gradients of the loss by the clean images: the least, tenths of the images, and the greatest. */
  readonly gradientLengths: readonly number[];
  readonly seconds: number;
}

/** Curves, and the attacks behind them as they are recorded. */
export interface CurveRecord extends Pick<RobustnessCurves, 'curves' | 'worst'> {
  readonly attacks: readonly AttackChoice[];
}

export interface DiagnoseOptions {
  /** How many images of the split are attacked. */
  readonly images: number;
  /** By default that of the experiment. */
  readonly norm?: NormName;
  /** In this norm; by default the middle one of the experiment. */
  readonly epsilon?: number;
  /** Another net of the same data, such as an earlier checkpoint. */
  readonly surrogate?: tf.LayersModel;
  /** What the run wrote down of this net; by default, what is measured here. */
  readonly record?: CurveRecord;
  /** Hears which check begins. */
  readonly onCheck?: (name: string) => void;
}

const DEFAULTS = { norm: 'linf', epsilons: [0, 2 / 255, 4 / 255, 8 / 255], attacks: [] } as const;

/** Runs every check on a net and `dataset`, a split called `split`. Throws `UsageError` for an impossible epsilon. */
export async function diagnose(
  model: tf.LayersModel,
  experiment: Experiment,
  { split, dataset }: { readonly split: string; readonly dataset: Dataset },
  options: DiagnoseOptions,
): Promise<Diagnosis> {
  const { images, surrogate, onCheck } = options;
  const started = performance.now();
  const random = createRandom(experiment.seed).stream('robustness');
  const plan = planOf(experiment, dataset, options);
  using net = inference(model);
  using other = surrogate && inference(surrogate);
  onCheck?.('curves');
  const curves = await curvesOf(net, experiment, dataset, { ...plan, images, random });
  const subject = await subjectOf(net, experiment, attackedImages(dataset, images, random), {
    threat: plan.threat,
    attack: plan.attack,
    random: random.stream('diagnose'),
    ...(other && { surrogate: other }),
  });
  try {
    onCheck?.('attacks with gradients');
    const whiteBox = lowestUnder(subject, plan.attacks, curves);
    const ofAttacks = attackChecks.map((check) => {
      onCheck?.(check.name);
      const random = subject.random.stream(check.name);
      return checked(check, check.check({ ...subject, whiteBox, random }));
    });
    const { attacks, ...recorded } = options.record ?? { ...curves, attacks: plan.attacks };
    const ofRecord = recordChecks.map((check) => checked(check, check.check(recorded, attacks)));
    const checks = [...curves.checks, ...ofAttacks, ...ofRecord].toSorted((a, b) => a.number - b.number);
    return {
      experiment: experiment.name,
      net: experiment.net.name,
      split,
      images: whiteBox.length,
      ...plan.threat,
      attack: plan.attack,
      checks,
      flags: flagsOf(checks),
      gradientLengths: gradientLengths({ ...subject, whiteBox }),
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    for (const batch of subject.batches) batch[Symbol.dispose]();
  }
}

interface Plan {
  /** What the experiment attacks with, and what the checks need beside that. */
  readonly attacks: readonly AttackChoice[];
  readonly epsilons: readonly number[];
  readonly threat: ThreatModel;
  readonly attack: AttackChoice;
}

function planOf(experiment: Experiment, { task }: Dataset, options: DiagnoseOptions): Plan {
  const { norm: own, epsilons: all, attacks } = experiment.robustness ?? DEFAULTS;
  const { norm = own } = options;
  if (norm === 'l0') {
    throw new UsageError(
      'The checks attack by steps, which no attack in l0 takes: give --norm linf --epsilon 4/255.',
    );
  }
  // Epsilons of another norm mean nothing in this one.
  const listed = norm === own ? all.filter((epsilon) => epsilon > 0) : [];
  const epsilon = options.epsilon ?? listed[listed.length >> 1];
  if (epsilon === undefined || !(epsilon > 0)) {
    throw new UsageError(`--epsilon: expected a number above 0 in ${norm}, received ${epsilon ?? 'none'}.`);
  }
  const suited = attacks.filter((choice) => suits(choice, norm, task));
  const attack = suited.find(takesSteps) ?? { name: 'pgd' };
  const needed: AttackChoice[] = [attack, { name: 'fgsm' }, { name: 'gaussianNoise' }];
  const missing = needed.filter(({ name }) => !suited.some((other) => other.name === name));
  const filled = [...suited, ...missing].map((choice) => fillAttack(choice));
  return {
    attacks: filled,
    epsilons: [...new Set([0, ...listed, epsilon])].sort((a, b) => a - b),
    threat: { norm, epsilon },
    attack: filled.find(({ name }) => name === attack.name) as AttackChoice,
  };
}

/** Whether it steps through the ball of epsilon, as often as it is told. */
function takesSteps(choice: AttackChoice): boolean {
  const { options, minimise } = createAttack(choice);
  return !minimise && 'steps' in options && 'stepSize' in options;
}

function suits(choice: AttackChoice, norm: NormName, task: Dataset['task']): boolean {
  try {
    requireSuited(createAttack(choice), norm, task);
    return true;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

function curvesOf(
  net: Classifier,
  { metrics: [metric], loss, data: { batchSize } }: Experiment,
  dataset: Dataset,
  { attacks, epsilons, threat: { norm }, images, random }: Plan & { images: number; random: Random },
): Promise<RobustnessCurves> {
  return measureRobustness(net, dataset, {
    attacks,
    norm,
    epsilons,
    images,
    metric,
    loss,
    batchSize,
    random,
  });
}

type Known = Pick<Subject, 'threat' | 'attack' | 'random' | 'surrogate'>;

/** Holds all images in memory: the caller disposes of the batches. */
async function subjectOf(
  net: Classifier,
  { metrics: [metric], loss, data: { batchSize } }: Experiment,
  images: Dataset,
  known: Known,
): Promise<Omit<Subject, 'whiteBox' | 'batches'> & { batches: Batch[] }> {
  const score = imageScoreOf({ name: metric, metric: metricOf(metric) });
  const held: Batch[] = [];
  for await (const batch of batches(images, { size: batchSize })) held.push(batch);
  const clean = cleanScores({ net, batches: held, score });
  const classes = images.classes.length;
  return { ...known, net, batches: held, classes, loss: lossOf(loss), score, clean };
}

/** Of each image the lowest score under the attacks whose curves show that they follow gradients. */
function lowestUnder(
  subject: Omit<Subject, 'whiteBox'>,
  attacks: readonly AttackChoice[],
  { curves }: RobustnessCurves,
): readonly number[] {
  let before = subject.clean;
  for (const [i, choice] of attacks.entries()) {
    if (curves[i]?.cost.gradients === 0) continue;
    const random = subject.random.stream(choice.name);
    before = attempt(subject, createAttack(choice), { random, before }).scores;
  }
  return before;
}
