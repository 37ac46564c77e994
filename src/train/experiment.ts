// Everything that decides the outcome of a run, as plain data: it is saved beside the results.

import type { AttackChoice } from '../attacks/create.ts';
import type { NormName } from '../attacks/threat.ts';
import type { DatasetChoice } from '../data/create.ts';
import type { LossChoice } from '../losses/create.ts';
import type { NetChoice } from '../nets/create.ts';
import type { CorruptionName } from '../robustness/corruptions/corrupt.ts';
import type { MetricName } from '../robustness/metrics/create.ts';
import type { NoiseName } from '../robustness/noises.ts';
import type { DefenceChoice } from './defences/create.ts';
import type { Freeze } from './freeze.ts';
import type { OptimizerChoice } from './optimizers.ts';

export interface Experiment {
  readonly name: string;
  /** Decides initial weights, order of samples, splits and random starts. */
  readonly seed: number;
  readonly data: {
    readonly dataset: DatasetChoice;
    /** Fractions of the patients, for datasets that do not come divided. */
    readonly split?: { readonly validation: number; readonly test: number };
    readonly batchSize: number;
  };
  readonly net: NetChoice;
  /** A file of weights to begin with, such as 'resnet50.safetensors' or 'other/model.json': see `importWeights`. */
  readonly weights?: string;
  /** By its name, or with options: `{ name: 'focal', gamma: 2 }`. */
  readonly loss: LossChoice;
  readonly optimizer: OptimizerChoice;
  /** What of the net stays as it starts. */
  readonly freeze?: Freeze;
  /** Training against attacks: `{ name: 'pgd', epsilon: 4 / 255 }`; see docs/adversarial-training.md. */
  readonly defence?: DefenceChoice;
  readonly epochs: number;
  /** Measured on the validation split after each epoch; the first is the metric of the robustness curves. */
  readonly metrics: readonly [primary: MetricName, ...others: MetricName[]];
  readonly robustness?: {
    readonly attacks: readonly AttackChoice[];
    readonly norm: NormName;
    /** In [0, 1] pixel units, ascending: `[0, 1 / 255, 2 / 255]`. */
    readonly epsilons: readonly number[];
    readonly everyEpochs: number;
    /** How many images of the validation split are attacked, drawn once by seed. */
    readonly images: number;
    /** What else is done to these images, at severities 1 to 5; see docs/corruptions.md. */
    readonly corruptions?: readonly CorruptionName[];
    /** The control of the worst case: this noise, as visible by structural similarity at every epsilon. */
    readonly noise?: NoiseName;
    /** Images of another kind, which the net should not be sure of: `{ name: 'brainPhantoms' }`. */
    readonly outliers?: DatasetChoice;
    /** Whether mixtures of two classes are measured: margin and entropy. For classification. */
    readonly ambiguity?: boolean;
  };
  readonly checkpoints?: {
    /** A recorded measurement, such as `validation/auroc` or `robustness/pgd/linf/auc`. */
    readonly best: string;
    readonly better?: 'higher' | 'lower';
  };
  readonly earlyStop?: {
    readonly measurement: string;
    readonly better?: 'higher' | 'lower';
    readonly patience: number;
  };
}
