// Everything that decides the outcome of a run, as plain data: it is saved beside the results.

import type { AttackChoice } from '../attacks/create.ts';
import type { NormName } from '../attacks/threat.ts';
import type { AugmentChoice } from '../data/augment.ts';
import type { DatasetChoice } from '../data/create.ts';
import type { DiskCacheOptions } from '../data/disk-cache.ts';
import type { IntensityChoice } from '../data/intensity.ts';
import type { SplitFolds, SplitFractions } from '../data/split.ts';
import type { LossChoice } from '../losses/create.ts';
import type { NetChoice } from '../nets/create.ts';
import type { CorruptionName } from '../robustness/corruptions/corrupt.ts';
import type { MetricName } from '../robustness/metrics/create.ts';
import type { NoiseName } from '../robustness/noises.ts';
import type { BitDepth } from '../robustness/quantise.ts';
import type { DefenceChoice } from './defences/create.ts';
import type { Freeze } from './freeze.ts';
import type { OptimizerChoice } from './optimizers.ts';
import type { ScheduleChoice } from './schedules.ts';

export interface Experiment {
  readonly name: string;
  /** Decides initial weights, order of samples, splits and random starts. */
  readonly seed: number;
  readonly data: {
    readonly dataset: DatasetChoice;
    /** Fractions of the patients, for datasets that do not come divided; or folds: `{ folds: 5, fold: 0 }`. */
    readonly split?: SplitFractions | SplitFolds;
    readonly batchSize: number;
    /** What the images of the training split go through, anew in every epoch: `[{ name: 'flip' }, { name: 'rotate', degrees: 15 }]`. */
    readonly augment?: readonly AugmentChoice[];
    /** Which intensities become 0 and 1, by what the training split holds. */
    readonly intensity?: IntensityChoice;
    /** In every epoch each class as often as another: rare ones repeated, of frequent ones some left out. */
    readonly sampling?: 'balanced';
    /** The loss of training weighs each class in inverse proportion to its frequency in the training split. */
    readonly classWeights?: 'balanced';
    /** Keeps decoded images on the disk, for runs to come: `{ directory: 'cache', gigabytes: 10 }`. */
    readonly cache?: DiskCacheOptions;
    /** Reads everything before training, and leaves out what cannot be read; otherwise a bad file ends the run. */
    readonly skipBad?: boolean;
  };
  readonly net: NetChoice;
  /** A file of weights to begin with, such as 'resnet50.safetensors' or 'other/model.json': see `importWeights`. */
  readonly weights?: string;
  /** By its name, or with options: `{ name: 'focal', gamma: 2 }`. */
  readonly loss: LossChoice;
  readonly optimizer: OptimizerChoice;
  /**
   * How many batches a step of the optimizer takes, 1 by default: the step of a batch as many times as large, in the
   * memory of one. Batch normalisation still sees each batch by itself.
   */
  readonly accumulate?: number;
  /** How the learning rate moves: `{ name: 'cosine', warmUp: 1 }`; it stays as it is without. */
  readonly schedule?: ScheduleChoice;
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
    /**
     * As many images of the training split are attacked, too, at the cost of that: the worst case over the attacks stands
     * beside that of the validation split, as `train/robustness/worst/…`, and shows robust overfitting.
     */
    readonly trainImages?: number;
    /**
     * Attacks may take this share of the time that training took since the last evaluation, reckoned by the epoch just over;
     * 0.1 for a tenth: of `images`, as many are attacked as that allows. How many these are, and so what is measured, then
     * depends on the machine.
     */
    readonly budget?: number;
    /** Attacked images are judged as they are stored with so many bits a value: 8, 12 or 16. */
    readonly quantise?: BitDepth;
    /**
     * Whether the largest epsilon that is not seen (mean SSIM of 0.97 or more) is measured of every attack; iterative
     * ones run seven times for it, on at most 32 images.
     */
    readonly unseen?: boolean;
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
    /**
     * A recorded measurement, such as `validation/auroc` or `robustness/pgd/linf/auc`; or several, whose mean decides:
     * `['validation/dice', 'robustness/worst/linf/0.0157']`.
     */
    readonly best: string | readonly string[];
    readonly better?: 'higher' | 'lower';
  };
  readonly earlyStop?: {
    /** As for `checkpoints.best`. */
    readonly measurement: string | readonly string[];
    readonly better?: 'higher' | 'lower';
    readonly patience: number;
  };
}
