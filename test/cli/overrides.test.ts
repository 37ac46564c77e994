import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNumber, parseNumbers } from '../../src/cli/numbers.ts';
import { override } from '../../src/cli/overrides.ts';
import { UsageError } from '../../src/errors.ts';
import { checkExperiment } from '../../src/train/check-experiment.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { classification as tiny } from '../train/support.ts';

/** The part of the tiny experiment that an override gives. */
function part(path: string, ...assignments: string[]): unknown {
  const changed: unknown = override(tiny, assignments);
  return path.split('.').reduce((node, key) => (node as Record<string, unknown>)[key], changed);
}

const changes: readonly [path: string, expected: unknown, ...assignments: string[]][] = [
  ['epochs', 9, 'epochs=9'],
  ['name', '9', 'name=9'],
  ['data.batchSize', 4, 'data.batchSize=4'],
  ['optimizer.learningRate', 0.5, 'optimizer.learningRate=1/2'],
  ['optimizer.beta1', 0.5, 'optimizer.beta1=0.5'],
  ['net.zeroInitResidual', true, 'net.zeroInitResidual=true'],
  ['metrics', ['auroc'], 'metrics=auroc'],
  ['robustness.epsilons', [0, 2 / 255, 8 / 255], 'robustness.epsilons=0, 2/255,8/255'],
  ['robustness.attacks.0', { name: 'gaussianNoise' }, 'robustness.attacks=gaussianNoise,fgsm'],
  ['robustness.attacks.1.steps', 5, 'robustness.attacks.pgd.steps=5'],
  ['robustness.attacks.1.steps', 5, 'robustness.attacks.1.steps=5'],
  ['net.name', 'inceptionV3', 'net=inceptionV3'],
  ['net.width', 0.5, 'net.name=inceptionV3', 'net.width=0.5'],
  ['optimizer.learningRate', 0.1, 'optimizer.name=sgd'],
  ['loss.name', 'focal', 'loss=focal'],
  ['loss.gamma', 3, 'loss=focal', 'loss.gamma=3'],
  ['loss.classWeights', [1, 2.5], 'loss.classWeights=1,2.5'],
  [
    'earlyStop',
    { measurement: 'validation/loss', patience: 2 },
    'earlyStop.measurement=validation/loss',
    'earlyStop.patience=2',
  ],
  ['data.augment.1.degrees', 40, 'data.augment=flip,rotate', 'data.augment.rotate.degrees=40'],
  [
    'data.intensity',
    { name: 'zScore', deviations: 2 },
    'data.intensity=zScore',
    'data.intensity.deviations=2',
  ],
  ['data.split.folds', 5, 'data.split.folds=5'],
  ['data.skipBad', true, 'data.skipBad=true'],
  ['data.cache', { directory: 'x', gigabytes: 2 }, 'data.cache.directory=x', 'data.cache.gigabytes=2'],
  ['checkpoints', { best: 'a=b' }, 'checkpoints.best=a=b'],
  ['robustness.corruptions', ['blur', 'jpeg'], 'robustness.corruptions=blur,jpeg'],
  ['robustness.noise', 'gaussianNoise', 'robustness.noise=gaussianNoise'],
  ['robustness.outliers.count', 8, 'robustness.outliers=brainPhantoms', 'robustness.outliers.count=8'],
  ['robustness.ambiguity', true, 'robustness.ambiguity=true'],
  ['data.augment.0.name', 'flip', 'data.augment=', 'data.augment=flip'],
  ['defence.beta', 3, 'defence.name=trades', 'defence.beta=3'],
  ['defence.epsilon', 4 / 255, 'defence=pgd', 'defence.epsilon=4/255'],
];

for (const [path, expected, ...assignments] of changes) {
  test(`--set ${assignments.join(' --set ')} changes ${path}`, () => {
    assert.deepEqual(part(path, ...assignments), expected);
  });
}

const refusals: readonly [assignment: string, message: RegExp][] = [
  ['epochs', /expected path=value/],
  ['=3', /expected path=value/],
  ['epocs=3', /An experiment has no "epocs".*epochs/],
  ['net.deepth=3', /net has no "deepth".*depth/],
  ['net.depth.more=3', /net\.depth has no "more"/],
  ['net=resnet9000', /no net "resnet9000".*resnet/],
  ['epochs=many', /epochs: expected a number such as 0.03 or 8\/255, received "many"/],
  ['net.zeroInitResidual=yes', /expected true or false/],
  ['robustness.attacks.square.steps=1', /no "square".*fgsm, pgd/],
  ['data=3', /data is a group.*batchSize/],
  ['constructor.name=foo', /An experiment has no "constructor"/],
  ['toString=1', /An experiment has no "toString"/],
  ['__proto__.a=1', /An experiment has no "__proto__"/],
  ['name.length=3', /name has no "length"/],
];

for (const [assignment, message] of refusals) {
  test(`--set ${assignment} is refused in one line`, () => {
    assert.throws(
      () => override(tiny, [assignment]),
      (error: Error) =>
        error instanceof UsageError && message.test(error.message) && !error.message.includes('\n'),
    );
  });
}

test('overrides leave the experiment as it was, and no override changes nothing', () => {
  const before = structuredClone(tiny);
  override(tiny, ['net.depth=34', 'robustness.attacks.pgd.steps=9']);
  assert.deepEqual(tiny, before);
  const checked = checkExperiment(tiny as Experiment);
  assert.deepEqual(override(checked, []), checked);
});

test('an experiment that attacks nothing gets attacks by --set, and is told what is missing', () => {
  const { robustness: _, ...plain } = tiny;
  const set = (...assignments: string[]) => checkExperiment(override(checkExperiment(plain), assignments));
  for (const part of ['norm=l2', 'images=4', 'attacks=fgsm', 'corruptions=blur'])
    assert.throws(() => set(`robustness.${part}`), {
      name: 'UsageError',
      message: /^robustness\.\w+: expected/,
    });
  const parts = ['attacks=fgsm', 'norm=linf', 'epsilons=0,1/255', 'everyEpochs=1', 'images=4'];
  assert.equal(set(...parts.map((part) => `robustness.${part}`)).robustness?.images, 4);
});

test('an attack that stands there twice is reached by what it is called in results', () => {
  const attacks = [{ name: 'pgd' }, { name: 'pgd', as: 'long' }] as const;
  const twice = { ...tiny, robustness: { ...tiny.robustness, attacks } };
  const changed = override(twice, ['robustness.attacks.long.steps=7']).robustness?.attacks;
  assert.deepEqual(
    changed?.map((choice) => (choice as { steps?: number }).steps),
    [10, 7],
  );
});

test('numbers are decimal or fractions, and nothing else', () => {
  assert.deepEqual(parseNumbers('0, 8/255,1e-3,-1', 'x'), [0, 8 / 255, 0.001, -1]);
  for (const text of ['', '/', '1/', '/2', '1/0', '1/2/3', 'NaN', 'Infinity', '1,2', '8/255px']) {
    assert.throws(() => parseNumber(text, '--epsilons'), /^UsageError: --epsilons: expected a number/, text);
  }
});
