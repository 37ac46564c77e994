// An experiment is checked whole before anything is created: `--set` and JavaScript experiments get no help
// from the compiler.

import { listChoices } from '../errors.ts';
import { lossOf } from '../losses/create.ts';
import * as metrics from '../robustness/metrics/registry.ts';
import { checkData, checkSplit, DEFAULT_SPLIT } from './check-data.ts';
import { checkRobustness } from './check-robustness.ts';
import { checkDefence } from './defences/create.ts';
import type { Experiment } from './experiment.ts';
import { fillChoices, taskOfNet } from './fill-choices.ts';
import { betterOf, measurementsOf } from './measurements.ts';
import { checkOptimizer } from './optimizers.ts';
import { choicesOf, isCount, require, requireChoice, requireKeys } from './requirements.ts';
import { checkSchedule } from './schedules.ts';

/**
 * The experiment with every option filled in. Throws `UsageError` for the first thing that is wrong with it;
 * what only the data can tell (their task, their size) is checked by `checkTask`.
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
  checkAccumulate(experiment);
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
    requireMeasure(checked, 'checkpoints.best', checkpoints.best);
    requireBetter('checkpoints.better', checkpoints.better);
  }
  if (earlyStop) {
    requireKeys('earlyStop', earlyStop);
    requireMeasure(checked, 'earlyStop.measurement', earlyStop.measurement);
    requireBetter('earlyStop.better', earlyStop.better);
    require(isCount(
      earlyStop.patience,
    ), 'earlyStop.patience', 'a whole number of at least 1', earlyStop.patience);
  }
  return checked;
}

function checkAccumulate({ accumulate, defence }: Experiment): void {
  if (accumulate === undefined) return;
  require(isCount(accumulate), 'accumulate', 'a whole number of batches, at least 1', accumulate);
  // Its steps on one batch follow each other.
  const replays = accumulate > 1 && defence?.name === 'free';
  require(!replays, 'accumulate', '1 beside the defence free, which takes several steps on a batch', accumulate);
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
    // Whether images have several labels only the data tell: see `checkTask`.
    const suited = Object.entries(metrics).filter(
      ([, metric]) => (metric.task === 'multilabel' ? 'classification' : metric.task) === task,
    );
    const names = suited.map(([metric]) => metric);
    require(names.includes(
      name,
    ), 'metrics', `metrics of ${task}, which the net does: ${listChoices(names)}`, name);
  }
  require(new Set(chosen).size === chosen.length, 'metrics', 'each metric once', chosen);
}

function requireMeasurement(experiment: Experiment, owner: string, name: string): void {
  const names = measurementsOf(experiment);
  require(names.includes(
    name,
  ), owner, `a measurement of this experiment, one of ${listChoices(names)}`, name);
}

/** One measurement, or several of which a mean can be taken. */
function requireMeasure(experiment: Experiment, owner: string, measure: string | readonly string[]): void {
  const names = typeof measure === 'string' ? [measure] : measure;
  const once = Array.isArray(names) && names.length > 0 && new Set(names).size === names.length;
  require(once, owner, 'a measurement, or a list with each measurement once', measure);
  for (const name of names) requireMeasurement(experiment, owner, name);
  const ways = names.map((name) => `${name} (${betterOf(experiment, name)} is better)`);
  const alike = new Set(names.map((name) => betterOf(experiment, name))).size === 1;
  require(alike, owner, 'measurements that improve in the same way', ways);
}

function requireBetter(owner: string, better: unknown): void {
  require(better === undefined ||
    better === 'higher' ||
    better === 'lower', owner, 'higher or lower', better);
}
