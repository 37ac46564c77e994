// An experiment is checked whole before anything is created: `--set` and JavaScript experiments get no help
// from the compiler.

import { requireSuited } from '../attacks/craft.ts';
import { type AttackChoice, createAttack } from '../attacks/create.ts';
import { norms } from '../attacks/norms.ts';
import * as attacks from '../attacks/registry.ts';
import * as augmentations from '../data/augmentations/registry.ts';
import { fillIntensity } from '../data/intensity.ts';
import * as datasets from '../data/registry.ts';
import { listChoices, UsageError } from '../errors.ts';
import { fillLoss, lossOf } from '../losses/create.ts';
import * as nets from '../nets/registry.ts';
import { type Options, resolveChoice } from '../options.ts';
import { corruptionOf } from '../robustness/corruptions/corrupt.ts';
import * as kinds from '../robustness/corruptions/registry.ts';
import { metricOf } from '../robustness/metrics/create.ts';
import * as metrics from '../robustness/metrics/registry.ts';
import { NOISES } from '../robustness/noises.ts';
import { BIT_DEPTHS } from '../robustness/quantise.ts';
import { checkDefence } from './defences/create.ts';
import * as defences from './defences/registry.ts';
import type { Experiment } from './experiment.ts';
import { measurementsOf } from './measurements.ts';
import * as optimizers from './optimizers/registry.ts';
import { checkOptimizer } from './optimizers.ts';
import * as schedules from './schedules/registry.ts';
import { checkSchedule } from './schedules.ts';

type Registry = Readonly<Record<string, { readonly defaults: Options }>>;

/** Fractions of the patients, where an experiment does not say. */
export const DEFAULT_SPLIT = { validation: 0.15, test: 0.15 } as const;

const SHAPES = {
  experiment: [
    'name',
    'seed',
    'data',
    'net',
    'weights',
    'loss',
    'optimizer',
    'schedule',
    'freeze',
    'defence',
    'epochs',
    'metrics',
    'robustness',
    'checkpoints',
    'earlyStop',
  ],
  data: [
    'dataset',
    'split',
    'batchSize',
    'augment',
    'intensity',
    'sampling',
    'classWeights',
    'cache',
    'skipBad',
  ],
  'data.cache': ['directory', 'gigabytes'],
  'data.split': ['validation', 'test', 'folds', 'fold'],
  freeze: ['weights', 'statistics'],
  robustness: [
    'attacks',
    'norm',
    'epsilons',
    'everyEpochs',
    'images',
    'budget',
    'quantise',
    'unseen',
    'corruptions',
    'noise',
    'outliers',
    'ambiguity',
  ],
  checkpoints: ['best', 'better'],
  earlyStop: ['measurement', 'better', 'patience'],
} as const;

/**
 * The experiment with every option filled in. Throws `UsageError` for the first thing that is wrong with it;
 * what only the data can tell (their task, their size) is checked by `checkAgainstData`.
 */
export function checkExperiment(experiment: Experiment): Experiment {
  requireKeys('experiment', experiment);
  const { data, robustness, checkpoints, earlyStop } = experiment;
  require(typeof experiment.name === 'string' &&
    /^[A-Za-z0-9][\w.-]*$/.test(
      experiment.name,
    ), 'name', 'letters, digits, ".", "_" and "-" (it names a directory)', experiment.name);
  require(Number.isSafeInteger(experiment.seed), 'seed', 'a whole number', experiment.seed);
  require(isCount(experiment.epochs), 'epochs', 'a whole number of at least 1', experiment.epochs);
  requireKeys('data', data);
  require(isCount(data.batchSize), 'data.batchSize', 'a whole number of at least 1', data.batchSize);
  checkData(data);
  const split = checkSplit(data.split ?? DEFAULT_SPLIT);
  if (typeof experiment.loss !== 'string') requireChoice('loss', experiment.loss);
  lossOf(experiment.loss);
  checkMetrics(experiment);
  if (robustness) checkRobustness(experiment, robustness);
  checkOptimizer(requireChoice('optimizer', experiment.optimizer));
  if (experiment.schedule) checkSchedule(requireChoice('schedule', experiment.schedule), experiment.epochs);
  const { weights } = experiment;
  const named = weights === undefined || (typeof weights === 'string' && weights !== '');
  require(named, 'weights', "a file, such as 'resnet50.safetensors'", weights);
  const { defence } = experiment;
  if (defence) {
    checkDefence(requireChoice('defence', defence), taskOfNet(experiment.net));
    // Images are attacked away from one label.
    const mixes = data.augment?.find(({ name }) => name === 'mixup' || name === 'cutmix');
    require(!mixes, 'data.augment', 'no mixup and no cutmix beside a defence', mixes?.name);
  }
  if (experiment.freeze) checkFreeze(experiment.freeze);
  const checked = fillChoices({ ...experiment, data: { ...data, split } });
  const { schedule } = checked;
  if (schedule?.name === 'plateau') {
    requireMeasurement(checked, 'schedule.measurement', schedule.measurement as string);
  }
  if (checkpoints) {
    requireKeys('checkpoints', checkpoints);
    requireMeasurement(checked, 'checkpoints.best', checkpoints.best);
    requireBetter('checkpoints.better', checkpoints.better);
  }
  if (earlyStop) {
    requireKeys('earlyStop', earlyStop);
    requireMeasurement(checked, 'earlyStop.measurement', earlyStop.measurement);
    requireBetter('earlyStop.better', earlyStop.better);
    require(isCount(
      earlyStop.patience,
    ), 'earlyStop.patience', 'a whole number of at least 1', earlyStop.patience);
  }
  return checked;
}

function checkData({ augment, sampling, classWeights, cache, skipBad }: Experiment['data']): void {
  const listed = augment === undefined || Array.isArray(augment);
  require(listed, 'data.augment', 'a list of augmentations', augment);
  require(sampling === undefined || sampling === 'balanced', 'data.sampling', '"balanced"', sampling);
  const weighs = classWeights === undefined || classWeights === 'balanced';
  require(weighs, 'data.classWeights', '"balanced"', classWeights);
  if (cache) {
    requireKeys('data.cache', cache);
    const { directory, gigabytes } = cache;
    const named = typeof directory === 'string' && directory !== '';
    require(named, 'data.cache.directory', 'a folder', directory);
    const positive = Number.isFinite(gigabytes) && gigabytes > 0;
    require(positive, 'data.cache.gigabytes', 'a number above 0', gigabytes);
  }
  require(skipBad === undefined || typeof skipBad === 'boolean', 'data.skipBad', 'true or false', skipBad);
}

function checkSplit(split: NonNullable<Experiment['data']['split']>): typeof split {
  requireKeys('data.split', split);
  if ('folds' in split) {
    const { folds, fold = 0, test = 0 } = split;
    require(isCount(folds) && folds > 1, 'data.split.folds', 'a whole number of at least 2', folds);
    const within = Number.isInteger(fold) && fold >= 0 && fold < folds;
    require(within, 'data.split.fold', `a whole number from 0 to ${folds - 1}`, fold);
    require(test >= 0 && test < 1, 'data.split.test', 'a fraction in [0, 1)', test);
    // A fold is as large as another: what an experiment said of the validation split does not count.
    return { folds, fold, test };
  }
  const { validation, test } = split;
  require(validation > 0 && validation < 1, 'data.split.validation', 'a fraction in (0, 1)', validation);
  require(test >= 0 && test < 1, 'data.split.test', 'a fraction in [0, 1)', test);
  require(validation + test < 1, 'data.split', 'fractions that leave some patients for training', split);
  return split;
}

/** The net says which layers there are. */
function checkFreeze(freeze: NonNullable<Experiment['freeze']>): void {
  requireKeys('freeze', freeze);
  for (const [key, patterns] of Object.entries(freeze)) {
    const listed =
      Array.isArray(patterns) && patterns.every((pattern) => typeof pattern === 'string' && pattern !== '');
    require(listed, `freeze.${key}`, "a list of layer names, such as ['conv1*', 'layer1.*']", patterns);
  }
}

function checkMetrics({ metrics: chosen, net }: Experiment): void {
  require(Array.isArray(chosen) &&
    chosen.length > 0, 'metrics', `a list out of ${choicesOf(metrics)}`, chosen);
  const task = taskOfNet(net);
  for (const name of chosen) {
    require(Object.hasOwn(metrics, name), 'metrics', choicesOf(metrics), name);
    const suited = Object.entries(metrics).filter(([, metric]) => metric.task === task);
    const names = suited.map(([metric]) => metric);
    require(names.includes(
      name,
    ), 'metrics', `metrics of ${task}, which the net does: ${listChoices(names)}`, name);
  }
  require(new Set(chosen).size === chosen.length, 'metrics', 'each metric once', chosen);
}

function checkRobustness(experiment: Experiment, robustness: NonNullable<Experiment['robustness']>): void {
  requireKeys('robustness', robustness);
  const { norm, epsilons, everyEpochs, images } = robustness;
  require(Object.hasOwn(norms, norm), 'robustness.norm', listChoices(Object.keys(norms)), norm);
  checkEpsilons('robustness.epsilons', epsilons, norm);
  require(isCount(everyEpochs), 'robustness.everyEpochs', 'a whole number of at least 1', everyEpochs);
  require(isCount(images), 'robustness.images', 'a whole number of at least 1', images);
  checkMeasuring(robustness);
  const primary = metricOf(experiment.metrics[0]);
  require(primary.perImage !==
    undefined, 'metrics', 'first a metric with a score for each image, for the robustness curves', experiment
    .metrics[0]);
  const some = Array.isArray(robustness.attacks) && robustness.attacks.length > 0;
  require(some, 'robustness.attacks', `a list of attacks out of ${choicesOf(attacks)}`, robustness.attacks);
  const chosen = robustness.attacks.map((choice) =>
    createAttack(requireChoice('robustness.attacks', choice)),
  );
  for (const attack of chosen) requireSuited(attack, norm, taskOfNet(experiment.net));
  const names = chosen.map(({ name }) => name);
  require(new Set(names).size ===
    names.length, 'robustness.attacks', 'each attack once, or under another name by "as"', names);
  checkUnattacked(experiment, robustness);
}

function checkMeasuring({ budget, quantise, unseen }: NonNullable<Experiment['robustness']>): void {
  const share = budget === undefined || (Number.isFinite(budget) && budget > 0);
  require(share, 'robustness.budget', 'a share of the training time above 0, such as 0.1', budget);
  const depth = quantise === undefined || BIT_DEPTHS.includes(quantise);
  require(depth, 'robustness.quantise', listChoices(BIT_DEPTHS.map(String)), quantise);
  require(unseen === undefined || typeof unseen === 'boolean', 'robustness.unseen', 'true or false', unseen);
}

function checkUnattacked(
  { net }: Experiment,
  { corruptions, noise, outliers, ambiguity }: NonNullable<Experiment['robustness']>,
): void {
  if (corruptions !== undefined) {
    const some = Array.isArray(corruptions) && corruptions.length > 0;
    require(some, 'robustness.corruptions', `a list out of ${choicesOf(kinds)}`, corruptions);
    for (const name of corruptions) corruptionOf(name);
    const each = new Set(corruptions).size === corruptions.length;
    require(each, 'robustness.corruptions', 'each corruption once', corruptions);
  }
  const known = noise === undefined || NOISES.includes(noise);
  require(known, 'robustness.noise', listChoices(NOISES), noise);
  if (outliers !== undefined) fill('dataset', datasets, outliers);
  const suits = !ambiguity || (ambiguity === true && taskOfNet(net) === 'classification');
  require(suits, 'robustness.ambiguity', 'true or false, and false for segmentation', ambiguity);
}

/** Epsilons are ascending, told apart by their tags, and in [0, 1] for linf. */
export function checkEpsilons(owner: string, epsilons: readonly number[], norm: string): void {
  const listed =
    Array.isArray(epsilons) && epsilons.length > 0 && epsilons.every((value) => Number.isFinite(value));
  require(listed, owner, 'a list of numbers', epsilons);
  const highest = norm === 'linf' ? 1 : Number.POSITIVE_INFINITY;
  for (const value of epsilons) {
    require(value >= 0 &&
      value <= highest, owner, 'numbers in [0, 1], in units of pixels in [0, 1]; 8 of 255 is 8/255', value);
  }
  const tags = epsilons.map((value) => value.toFixed(4));
  const ascend = epsilons.every((value, i) => i === 0 || value > (epsilons[i - 1] as number));
  require(ascend &&
    new Set(tags).size === tags.length, owner, 'ascending numbers that differ by 0.0001 or more', epsilons);
}

/** What the net of an experiment does, by its definition. */
export function taskOfNet(net: Experiment['net']): 'classification' | 'segmentation' {
  return resolveChoice('net', nets, requireChoice('net', net)).definition.task;
}

/** Fills in the options of data, net, loss, optimizer, defence and attacks; throws `UsageError` for unknown ones. */
export function fillChoices(experiment: Experiment): Experiment {
  const { data, net, loss, optimizer, schedule, defence, robustness } = experiment;
  return {
    ...experiment,
    data: {
      ...data,
      dataset: fill('dataset', datasets, data.dataset),
      ...(data.intensity && { intensity: fillIntensity(requireChoice('data.intensity', data.intensity)) }),
      ...(data.augment && {
        augment: data.augment.map((choice) => fill('augmentation', augmentations, choice)),
      }),
    },
    net: fill('net', nets, net),
    loss: fillLoss(loss),
    optimizer: fill('optimizer', optimizers, optimizer),
    ...(schedule && { schedule: fill('schedule', schedules, schedule) }),
    ...(defence && { defence: fill('defence', defences, defence) }),
    ...(robustness && {
      robustness: {
        ...robustness,
        attacks: robustness.attacks.map(fillAttack),
        ...(robustness.outliers && { outliers: fill('dataset', datasets, robustness.outliers) }),
      },
    }),
  };
}

function fill<T extends { readonly name: string }>(kind: string, registry: Registry, choice: T): T {
  const { name, options } = resolveChoice(kind, registry, requireChoice(kind, choice));
  return { name, ...options } as unknown as T;
}

/** Fills in the options of an attack. */
export function fillAttack(choice: AttackChoice): AttackChoice {
  const { as: label, ...own } = requireChoice('attack', choice);
  return { ...(fill('attack', attacks, own) as AttackChoice), ...(label !== undefined && { as: label }) };
}

function requireChoice<T>(kind: string, choice: T): T {
  const isChoice =
    typeof choice === 'object' && choice !== null && 'name' in choice && typeof choice.name === 'string';
  require(isChoice, kind, '{ name: "…", options }', choice);
  return choice;
}

function requireKeys(section: keyof typeof SHAPES, value: object): void {
  const keys: readonly string[] = SHAPES[section];
  require(typeof value === 'object' && value !== null, section, `an object with ${keys.join(', ')}`, value);
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue;
    throw new UsageError(`${section} has no "${key}". It has: ${keys.join(', ')}.`);
  }
}

function requireMeasurement(experiment: Experiment, owner: string, name: string): void {
  const names = measurementsOf(experiment);
  require(names.includes(
    name,
  ), owner, `a measurement of this experiment, one of ${listChoices(names)}`, name);
}

function requireBetter(owner: string, better: unknown): void {
  require(better === undefined ||
    better === 'higher' ||
    better === 'lower', owner, 'higher or lower', better);
}

function require(holds: boolean, owner: string, expected: string, received: unknown): void {
  if (holds) return;
  throw new UsageError(
    `${owner}: expected ${expected}; received ${JSON.stringify(received) ?? String(received)}.`,
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function choicesOf(registry: object): string {
  return listChoices(Object.keys(registry));
}
