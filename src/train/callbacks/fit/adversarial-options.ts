// The options of `adversarialEvaluation`, checked before anything is trained.

import * as tf from '@tensorflow/tfjs';
import { type AttackChoice, createAttack } from '../../../attacks/create.ts';
import { norms } from '../../../attacks/norms.ts';
import type { NormName } from '../../../attacks/threat.ts';
import { listChoices, UsageError } from '../../../errors.ts';
import { type LossChoice, lossOf } from '../../../losses/create.ts';
import { requireOption } from '../../../options.ts';
import { type MetricName, metricOf } from '../../../robustness/metrics/create.ts';
import { OUTPUTS, type Outputs } from '../../../robustness/outputs.ts';
import { checkEpsilons } from '../../check-robustness.ts';
import { requireChoice } from '../../requirements.ts';
import type { PixelRange, ValidationData } from './validation-data.ts';

export interface AdversarialEvaluationOptions {
  /**
   * Images and labels as the model takes them, such as those that `fit` has: it does not show its own to callbacks. They
   * must live as long as `fit` runs, and stay the caller's.
   */
  readonly validationData: ValidationData;
  /** What is black and what is white in these images: `[0, 255]`, `[-1, 1]`. Default: `[0, 1]`. */
  readonly pixels?: PixelRange;
  /** What the model's first output is. Default: what its last layer tells, or else the values that it gives. */
  readonly outputs?: Outputs;
  /** Default: `fgsm`, and `pgd` with 10 steps. */
  readonly attacks?: readonly AttackChoice[];
  /** Default: linf. */
  readonly norm?: NormName;
  /** In units of pixels in [0, 1], whatever `pixels` is; ascending. Default: 1, 2, 4 and 8 of 255. */
  readonly epsilons?: readonly number[];
  /** How many of the images are attacked, of each class as many as it is frequent. Default: 64. */
  readonly images?: number;
  /** One with a score for each image. Default: accuracy, and dice for maps. */
  readonly metric?: MetricName;
  /** What the attacks raise. Default: crossEntropy. */
  readonly loss?: LossChoice;
  /** Images attacked at once. Default: 32. */
  readonly batchSize?: number;
  /** Every how many epochs, and after the last. Default: 1. */
  readonly everyEpochs?: number;
  /** Decides which images are attacked, and random starts. Default: 0. */
  readonly seed?: number;
  /** Takes what there is to say, line by line. Default: `console.log`. */
  readonly log?: (message: string) => void;
}

export const OWNER = 'adversarialEvaluation';

const DEFAULTS = {
  pixels: [0, 1],
  attacks: [{ name: 'fgsm' }, { name: 'pgd', steps: 10 }],
  norm: 'linf',
  epsilons: [1 / 255, 2 / 255, 4 / 255, 8 / 255],
  images: 64,
  loss: 'crossEntropy',
  batchSize: 32,
  everyEpochs: 1,
  seed: 0,
  log: (message: string) => console.log(message),
} as const satisfies Partial<AdversarialEvaluationOptions>;

/** With the defaults filled in; those that depend on the model may be absent. */
export type Settings = AdversarialEvaluationOptions &
  Required<Pick<AdversarialEvaluationOptions, keyof typeof DEFAULTS>>;

const NAMES = ['validationData', 'outputs', 'metric', ...Object.keys(DEFAULTS)];

/** Throws `UsageError` for an unknown option and for one out of its range. */
export function checkOptions(options: AdversarialEvaluationOptions): Settings {
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`${OWNER} has no option "${unknown}". Its options: ${NAMES.join(', ')}.`);
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: Settings = { ...DEFAULTS, ...(Object.fromEntries(given) as typeof options) };
  const { validationData, pixels, outputs, attacks, norm, epsilons, metric, loss, seed, log } = settings;
  const require = (option: keyof Settings, holds: boolean, expected: string) =>
    requireOption(OWNER, option, holds, expected, settings[option]);

  const pair = Array.isArray(validationData) && validationData.length === 2;
  if (!pair || !validationData.every((part) => part instanceof tf.Tensor)) {
    throw new UsageError(`${OWNER} needs validationData: [images, labels], two tensors as fit takes them.`);
  }
  const [low = Number.NaN, high = Number.NaN] = Array.isArray(pixels) ? pixels : [];
  require('pixels', Number.isFinite(high - low) && high > low, '[black, white], such as [0, 255]');
  require('outputs', outputs === undefined || OUTPUTS.includes(outputs), listChoices(OUTPUTS));
  require('norm', Object.hasOwn(norms, norm), listChoices(Object.keys(norms)));
  checkEpsilons(`epsilons of ${OWNER}`, epsilons, norm);
  for (const option of ['images', 'batchSize', 'everyEpochs'] as const) {
    const counts = Number.isSafeInteger(settings[option]) && settings[option] >= 1;
    require(option, counts, 'a whole number of at least 1');
  }
  const listed = Array.isArray(attacks) ? attacks : [];
  const names = listed.map((choice) => createAttack(requireChoice(`attacks of ${OWNER}`, choice)).name);
  require('attacks', names.length > 0 &&
    new Set(names).size === names.length, 'a list with each attack once');
  if (metric !== undefined) metricOf(metric);
  lossOf(loss);
  require('seed', Number.isFinite(seed), 'a number');
  require('log', typeof log === 'function', 'a function');
  return settings;
}
