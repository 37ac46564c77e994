// What the tests of sanity checks share: the cheap and the costly checks of any net, as names of flags.

import * as tf from '@tensorflow/tfjs';
import type { Attack } from '../../src/attacks/attack.ts';
import { type AttackChoice, createAttack } from '../../src/attacks/create.ts';
import type { Batch } from '../../src/data/dataset.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { type RobustnessCurves, robustnessCurves } from '../../src/robustness/curve.ts';
import { attempt, cleanScores } from '../../src/robustness/diagnostics/attempts.ts';
import type { AttackCheck, Finding, Subject } from '../../src/robustness/diagnostics/diagnostic.ts';
import { attackChecks } from '../../src/robustness/diagnostics/registry.ts';
import { type MetricName, metricOf } from '../../src/robustness/metrics/create.ts';
import type { Classifier } from '../../src/robustness/target.ts';

export interface Examined extends Classifier {
  readonly images: tf.Tensor4D;
  readonly labels: tf.Tensor;
}

export interface Examination {
  readonly metric?: MetricName;
  readonly attacks?: readonly Attack[];
  /** By default 0.03. */
  readonly epsilon?: number;
  readonly draws?: number;
}

export const pgd = { name: 'pgd', steps: 20, stepSize: 0.125, randomStart: true, restarts: 1 } as const;

const sound = (): Attack[] => [
  createAttack({ name: 'fgsm' }),
  createAttack(pgd),
  createAttack({ name: 'gaussianNoise' }),
];

/** Curves as an evaluation measures them, with what its checks find. */
export function evaluated(net: Examined, options: Examination = {}): Promise<RobustnessCurves> {
  const { metric = 'accuracy', attacks = sound(), epsilon = 0.03, draws = 1 } = options;
  async function* once(): AsyncGenerator<Batch> {
    const [images, labels] = [net.images.clone(), net.labels.clone()];
    yield { ids: [], images, labels, [Symbol.dispose]: () => tf.dispose([images, labels]) };
  }
  return robustnessCurves(once(), {
    net,
    attacks,
    norm: 'linf',
    epsilons: [epsilon / 2, epsilon],
    metric: { name: metric, metric: metricOf(metric) },
    loss: lossOf('crossEntropy'),
    random: createRandom(1),
    draws,
  });
}

/** Names of the flags of the net and of all curves, each once. */
export function namesOf({ checks }: RobustnessCurves): string[] {
  return [...new Set(checks.filter(({ verdict }) => verdict === 'raised').map(({ name }) => name))].sort();
}

/** What the costly checks get; `attack` is the one that they vary. */
export function subjectOf(
  net: Examined,
  { metric = 'accuracy', epsilon = 0.03 }: Examination = {},
  { attack = pgd as AttackChoice, surrogate }: { attack?: AttackChoice; surrogate?: Classifier } = {},
): Subject {
  const score = metricOf(metric).perImage;
  if (!score) throw new TypeError(`${metric} has no scores.`);
  const { images, labels } = net;
  const batches = [{ images, labels }];
  const subject = {
    net,
    batches,
    clean: cleanScores({ net, batches, score }),
    classes: tf.tidy(() => net.logits(images).shape.at(-1) as number),
    loss: lossOf('crossEntropy'),
    score,
    threat: { norm: 'linf', epsilon } as const,
    attack,
    random: createRandom(2),
    ...(surrogate && { surrogate }),
  };
  return {
    ...subject,
    whiteBox: attempt(subject, createAttack(attack), { random: createRandom(3) }).scores,
  };
}

/** Findings of all costly checks, by name. */
export function findingsOf(subject: Subject): Record<string, Finding> {
  return Object.fromEntries(attackChecks.map((check: AttackCheck) => [check.name, check.check(subject)]));
}

export function raisedBy(subject: Subject): string[] {
  return Object.entries(findingsOf(subject)).flatMap(([name, { verdict }]) =>
    verdict === 'raised' ? [name] : [],
  );
}
