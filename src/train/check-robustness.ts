import { requireSuited } from '../attacks/craft.ts';
import { createAttack } from '../attacks/create.ts';
import { norms } from '../attacks/norms.ts';
import * as attacks from '../attacks/registry.ts';
import * as datasets from '../data/registry.ts';
import { listChoices } from '../errors.ts';
import { resolveChoice } from '../options.ts';
import { corruptionOf } from '../robustness/corruptions/corrupt.ts';
import * as kinds from '../robustness/corruptions/registry.ts';
import { metricOf } from '../robustness/metrics/create.ts';
import { NOISES } from '../robustness/noises.ts';
import { BIT_DEPTHS } from '../robustness/quantise.ts';
import type { Experiment } from './experiment.ts';
import { taskOfNet } from './fill-choices.ts';
import { choicesOf, isCount, require, requireChoice, requireKeys } from './requirements.ts';

export function checkRobustness(
  experiment: Experiment,
  robustness: NonNullable<Experiment['robustness']>,
): void {
  requireKeys('robustness', robustness);
  const { norm, epsilons, everyEpochs, images } = robustness;
  require(Object.hasOwn(norms, norm), 'robustness.norm', listChoices(Object.keys(norms)), norm);
  checkEpsilons('robustness.epsilons', epsilons, norm);
  require(isCount(everyEpochs), 'robustness.everyEpochs', 'a whole number of at least 1', everyEpochs);
  require(isCount(images), 'robustness.images', 'a whole number of at least 1', images);
  const { trainImages } = robustness;
  const counted = trainImages === undefined || isCount(trainImages);
  require(counted, 'robustness.trainImages', 'a whole number of at least 1', trainImages);
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
  const task = primary.task === 'multilabel' ? primary.task : taskOfNet(experiment.net);
  for (const attack of chosen) requireSuited(attack, norm, task);
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
  if (outliers !== undefined) resolveChoice('dataset', datasets, requireChoice('dataset', outliers));
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
  // The clean images have the tag of 0.
  const others = epsilons.filter((value) => value !== 0);
  const tags = new Set([0, ...others].map((value) => value.toFixed(4)));
  const ascend = epsilons.every((value, i) => i === 0 || value > (epsilons[i - 1] as number));
  const apart = ascend && tags.size === others.length + 1;
  require(apart, owner, 'ascending numbers that differ by 0.0001 or more, from 0 too', epsilons);
}
