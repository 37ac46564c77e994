import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../src/errors.ts';
import { checkExperiment } from '../../src/train/check-experiment.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { measurementsOf } from '../../src/train/measurements.ts';
import { segmentation, classification as tiny } from './support.ts';

/** What is laid over the tiny experiment, and what the refusal must say. */
const wrong: readonly [string, object, RegExp][] = [
  ['an unknown part', { epocs: 3 }, /experiment has no "epocs".*epochs/],
  ['a name that is a path', { name: '../escape' }, /^name: expected letters/],
  ['a seed that is text', { seed: '1' }, /^seed/],
  ['no epochs', { epochs: 0 }, /^epochs: expected a whole number of at least 1; received 0/],
  ['a batch of none', { data: { ...tiny.data, batchSize: 0 } }, /^data\.batchSize/],
  ['half a batch', { data: { ...tiny.data, batchSize: 2.5 } }, /^data\.batchSize/],
  ['no data', { data: undefined }, /^data: expected an object/],
  ['a split of all', { data: { ...tiny.data, split: { validation: 0.5, test: 0.5 } } }, /^data\.split/],
  [
    'one fold',
    { data: { ...tiny.data, split: { folds: 1, fold: 0 } } },
    /^data\.split\.folds: expected .* at least 2/,
  ],
  [
    'a fold too many',
    { data: { ...tiny.data, split: { folds: 3, fold: 3 } } },
    /^data\.split\.fold: expected .* 0 to 2/,
  ],
  [
    'augmentation that is no list',
    { data: { ...tiny.data, augment: { name: 'flip' } } },
    /^data\.augment: expected a list/,
  ],
  [
    'an unknown augmentation',
    { data: { ...tiny.data, augment: [{ name: 'spin' }] } },
    /no augmentation "spin".*rotate/,
  ],
  [
    'an unknown intensity',
    { data: { ...tiny.data, intensity: { name: 'minmax' } } },
    /no intensity "minmax".*percentiles/,
  ],
  [
    'an intensity that is a name',
    { data: { ...tiny.data, intensity: 'zScore' } },
    /^data\.intensity: expected \{ name/,
  ],
  ['unknown sampling', { data: { ...tiny.data, sampling: 'rare' } }, /^data\.sampling: expected "balanced"/],
  [
    'unknown class weights',
    { data: { ...tiny.data, classWeights: [1, 2] } },
    /^data\.classWeights: expected "balanced"/,
  ],
  [
    'a cache without a size',
    { data: { ...tiny.data, cache: { directory: 'x' } } },
    /^data\.cache\.gigabytes: expected a number/,
  ],
  ['unknown data', { data: { ...tiny.data, dataset: { name: 'mnist' } } }, /no dataset "mnist".*skinLesions/],
  ['an unknown net', { net: { name: 'resnet9000' } }, /no net "resnet9000".*resnet/],
  ['an unknown option', { net: { name: 'resnet', deepth: 18 } }, /resnet has no option "deepth".*depth/],
  ['a net that is a name', { net: 'resnet' }, /^net: expected \{ name/],
  ['an unknown loss', { loss: 'hinge' }, /no loss "hinge".*crossEntropy/],
  ['no loss', { loss: undefined }, /^loss: expected \{ name/],
  ['an option of another loss', { loss: { name: 'dice', gamma: 2 } }, /dice has no option "gamma".*smooth/],
  ['a loss out of range', { loss: { name: 'focal', gamma: -2 } }, /"gamma" of focal: expected at least 0/],
  ['an optimizer out of range', { optimizer: { name: 'adam', learningRate: -1 } }, /"learningRate" of adam/],
  ['an unknown defence', { defence: { name: 'pdg' } }, /no defence "pdg".*trades/],
  ['a defence that is a name', { defence: 'pgd' }, /^defence: expected \{ name/],
  ['a defence of the other task', { defence: { name: 'segPgd' } }, /segPgd is for segmentation/],
  ['an unknown metric', { metrics: ['acuracy'] }, /^metrics: expected .*accuracy/],
  [
    'a metric of the other task',
    { metrics: ['dice'] },
    /^metrics: expected metrics of classification.*accuracy/,
  ],
  ['a metric twice', { metrics: ['auroc', 'auroc'] }, /^metrics: expected each metric once/],
  ['no metrics', { metrics: [] }, /^metrics: expected a list/],
  [
    'a curve of a metric that has none',
    { metrics: ['auroc', 'accuracy'] },
    /^metrics: expected first a metric with a score for each image/,
  ],
  [
    'an unknown attack',
    { robustness: { ...tiny.robustness, attacks: [{ name: 'pgdd' }] } },
    /no attack "pgdd".*pgd/,
  ],
  [
    'an attack twice',
    { robustness: { ...tiny.robustness, attacks: [{ name: 'pgd' }, { name: 'pgd', steps: 3 }] } },
    /each attack once/,
  ],
  ['no attack', { robustness: { ...tiny.robustness, attacks: [] } }, /^robustness\.attacks: expected a list/],
  [
    'an attack of no steps',
    { robustness: { ...tiny.robustness, attacks: [{ name: 'pgd', steps: 0 }] } },
    /"steps" of pgd/,
  ],
  [
    'an unknown corruption',
    { robustness: { ...tiny.robustness, corruptions: ['blurr'] } },
    /no corruption "blurr".*blur/,
  ],
  [
    'no corruption',
    { robustness: { ...tiny.robustness, corruptions: [] } },
    /^robustness\.corruptions: expected a list/,
  ],
  [
    'a corruption twice',
    { robustness: { ...tiny.robustness, corruptions: ['blur', 'blur'] } },
    /each corruption once/,
  ],
  [
    'noise that cannot be matched',
    { robustness: { ...tiny.robustness, noise: 'blur' } },
    /^robustness\.noise: expected gaussianNoise/,
  ],
  [
    'outliers that are no data',
    { robustness: { ...tiny.robustness, outliers: { name: 'cats' } } },
    /no dataset "cats"/,
  ],
  [
    'ambiguity that is text',
    { robustness: { ...tiny.robustness, ambiguity: 'yes' } },
    /^robustness\.ambiguity: expected true/,
  ],
  [
    'no time at all',
    { robustness: { ...tiny.robustness, budget: 0 } },
    /^robustness\.budget: expected a share of the training time above 0, such as 0\.1; received 0/,
  ],
  [
    'a depth that is not stored',
    { robustness: { ...tiny.robustness, quantise: 10 } },
    /^robustness\.quantise: expected 8, 12 or 16/,
  ],
  [
    'unseen that is text',
    { robustness: { ...tiny.robustness, unseen: 'all' } },
    /^robustness\.unseen: expected true/,
  ],
  [
    'an attack whose name in results cannot be a tag',
    { robustness: { ...tiny.robustness, attacks: [{ name: 'fgsm', as: 'worst' }] } },
    /^"as" of an attack: .*received "worst"/,
  ],
  [
    'mixed labels under attack',
    { defence: { name: 'pgd' }, data: { ...tiny.data, augment: [{ name: 'cutmix' }] } },
    /^data\.augment: expected no mixup and no cutmix beside a defence; received "cutmix"/,
  ],
  ['an unknown norm', { robustness: { ...tiny.robustness, norm: 'l3' } }, /^robustness\.norm/],
  [
    'an epsilon in levels of 255',
    { robustness: { ...tiny.robustness, epsilons: [0, 8] } },
    /^robustness\.epsilons: .*8\/255; received 8/,
  ],
  [
    'descending epsilons',
    { robustness: { ...tiny.robustness, epsilons: [0.1, 0.05] } },
    /^robustness\.epsilons: expected ascending/,
  ],
  [
    'epsilons of one tag',
    { robustness: { ...tiny.robustness, epsilons: [0.1, 0.10001] } },
    /differ by 0.0001/,
  ],
  [
    'epsilons that are no numbers',
    { robustness: { ...tiny.robustness, epsilons: ['0.1'] } },
    /^robustness\.epsilons: expected a list of numbers/,
  ],
  [
    'a best that is never measured',
    { checkpoints: { best: 'robustness/square/linf/auc' } },
    /^checkpoints\.best: .*robustness\/pgd\/linf\/auc/,
  ],
  [
    'a direction that is none',
    { checkpoints: { best: 'validation/loss', better: 'less' } },
    /^checkpoints\.better/,
  ],
  [
    'patience of none',
    { earlyStop: { measurement: 'validation/loss', patience: 0 } },
    /^earlyStop\.patience/,
  ],
];

for (const [what, change, message] of wrong) {
  test(`${what} is refused in one line`, () => {
    assert.throws(
      () => checkExperiment({ ...tiny, ...change } as unknown as Experiment),
      (error: Error) =>
        error instanceof UsageError && message.test(error.message) && !error.message.includes('\n'),
    );
  });
}

test('an attack may stand there twice, by another name in results', () => {
  const attacks = [{ name: 'pgd' }, { name: 'pgd', steps: 40, as: 'pgd-40' }] as const;
  const checked = checkExperiment({ ...tiny, robustness: { ...tiny.robustness, attacks } });
  assert.deepEqual(checkExperiment(checked), checked);
  assert.equal(checked.robustness?.attacks[1]?.as, 'pgd-40');
  const tags = measurementsOf(checked).filter((name) => name.endsWith('auc'));
  assert.deepEqual(
    tags,
    ['pgd', 'pgd-40', 'worst'].map((attack) => `robustness/${attack}/linf/auc`),
  );
});

test('experiments that are right pass, and come back with every option', () => {
  const checked = checkExperiment(tiny);
  assert.deepEqual(checkExperiment(checked), checked);
  const defended = checkExperiment({ ...tiny, defence: { name: 'trades' } }).defence;
  assert.deepEqual(
    { ...defended, epsilon: 0 },
    {
      ...{ name: 'trades', norm: 'linf', epsilon: 0, warmUp: 0, share: 1, awp: 0 },
      ...{ beta: 6, steps: 10, stepSize: 0.225 },
    },
  );
  assert.equal((checked.robustness?.attacks[1] as { restarts?: number } | undefined)?.restarts, 1);
  const { split: _, ...data } = segmentation.data;
  assert.deepEqual(checkExperiment({ ...segmentation, data }).data.split, { validation: 0.15, test: 0.15 });
});
