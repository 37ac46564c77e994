// An experiment is checked whole before anything is created: `--set` and JavaScript experiments get no help
// from the compiler.

import { requireSuited } from '../attacks/craft.ts';
import { type AttackChoice, createAttack } from '../attacks/create.ts';
import { norms } from '../attacks/norms.ts';
import * as attacks from '../attacks/registry.ts';
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
import type { Experiment } from './experiment.ts';
import { measurementsOf } from './measurements.ts';
import * as optimizers from './optimizers/registry.ts';
import { checkOptimizer } from './optimizers.ts';

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
    'freeze',
    'epochs',
    'metrics',
    'robustness',
    'checkpoints',
    'earlyStop',
  ],
  data: ['dataset', 'split', 'batchSize'],
  'data.split': ['validation', 'test'],
  freeze: ['weights', 'statistics'],
  robustness: [
    'attacks',
    'norm',
    'epsilons',
    'everyEpochs',
    'images',
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
  const split = checkSplit(data.split ?? DEFAULT_SPLIT);
  if (typeof experiment.loss !== 'string') requireChoice('loss', experiment.loss);
  lossOf(experiment.loss);
  checkMetrics(experiment);
  if (robustness) checkRobustness(experiment, robustness);
  checkOptimizer(requireChoice('optimizer', experiment.optimizer));
  const { weights } = experiment;
  const named = weights === undefined || (typeof weights === 'string' && weights !== '');
  require(named, 'weights', "a file, such as 'resnet50.safetensors'", weights);
  if (experiment.freeze) checkFreeze(experiment.freeze);
  const checked = fillChoices({ ...experiment, data: { ...data, split } });
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

function checkSplit(split: { readonly validation: number; readonly test: number }) {
  requireKeys('data.split', split);
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
  require(new Set(names).size === names.length, 'robustness.attacks', 'each attack once', names);
  checkUnattacked(experiment, robustness);
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

/** Fills in the options of data, net, loss, optimizer and attacks; throws `UsageError` for unknown ones. */
export function fillChoices(experiment: Experiment): Experiment {
  const { data, net, loss, optimizer, robustness } = experiment;
  return {
    ...experiment,
    data: { ...data, dataset: fill('dataset', datasets, data.dataset) },
    net: fill('net', nets, net),
    loss: fillLoss(loss),
    optimizer: fill('optimizer', optimizers, optimizer),
    ...(robustness && {
      robustness: {
        ...robustness,
        attacks: robustness.attacks.map(fillAttack),
        ...(robustness.outliers && { outliers: fill('dataset', datasets, robustness.outliers) }),
      },
    }),
  };
}

/** Fills in the options of an attack. */
export function fillAttack(choice: AttackChoice): AttackChoice {
  return fill('attack', attacks, choice);
}

function fill<T extends { readonly name: string }>(kind: string, registry: Registry, choice: T): T {
  const { name, options } = resolveChoice(kind, registry, requireChoice(kind, choice));
  return { name, ...options } as unknown as T;
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
