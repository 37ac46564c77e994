// `--set optimizer.learningRate=0.01`: a value takes the kind of what it replaces.

import { UsageError } from '../errors.ts';
import type { Experiment } from '../train/experiment.ts';
import { fillChoices } from '../train/fill-choices.ts';
import { parseNumber } from './numbers.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Node = { [key: string]: Json };

/** What the parts of an experiment that may be absent look like: only their kinds matter. */
const ABSENT: Node = {
  data: {
    split: { validation: 0, test: 0, folds: 0, fold: 0 },
    augment: [{ name: '' }],
    intensity: { name: '' },
    sampling: '',
    classWeights: '',
    cache: { directory: '', gigabytes: 0 },
    skipBad: false,
  },
  robustness: {
    ...{ attacks: [{ name: '' }], norm: '', epsilons: [0], everyEpochs: 0, images: 0, trainImages: 0 },
    ...{ budget: 0, quantise: 0, unseen: false, corruptions: [''], noise: '', outliers: { name: '' } },
    ambiguity: false,
  },
  accumulate: 0,
  schedule: { name: '' },
  weights: '',
  defence: { name: '' },
  freeze: { weights: [''], statistics: [''] },
  checkpoints: { best: '', better: '' },
  earlyStop: { measurement: '', better: '', patience: 0 },
};

/**
 * The experiment with each `path=value` of `assignments` applied, in their order.
 *
 * A path goes through options that are left to their defaults too. Numbers may be fractions, lists are
 * separated by commas, and a name alone replaces a choice with all its options: `net=unet`,
 * `robustness.attacks=fgsm,pgd`, then `robustness.attacks.pgd.steps=5`. Throws `UsageError` for a path that is
 * not there, with what is, and for a value of another kind.
 */
export function override(experiment: Experiment, assignments: readonly string[]): Experiment {
  let current = fillChoices(experiment);
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1)
      throw new UsageError(`--set: expected path=value, such as epochs=5; received "${assignment}".`);
    const copy = structuredClone(current) as unknown as Node;
    assign(copy, ABSENT, assignment.slice(0, at).split('.'), assignment.slice(at + 1), []);
    current = fillChoices(copy as unknown as Experiment);
  }
  return current;
}

function assign(
  target: Json,
  sample: Json | undefined,
  path: string[],
  text: string,
  walked: string[],
): void {
  const [key, ...rest] = path as [string, ...string[]];
  const here = [...walked, key];
  const container = target as Node;
  const place = Array.isArray(target) ? indexIn(target, key) : key;
  const found = place === undefined ? undefined : own(target, place);
  const absent = isNode(sample) ? own(sample, key) : undefined;
  // The empty list does not say what it lists.
  const known = Array.isArray(found) && found.length === 0 ? (absent ?? found) : found;
  const like = known ?? absent ?? (isPreset(walked, key) ? '' : undefined);
  if (place === undefined || like === undefined) throw unknownPath(target, sample, walked, key);
  if (rest.length === 0) {
    const value = isMeasure(here) && text.includes(',') ? listOf(text) : coerce(text, like, here.join('.'));
    // Another name takes other options.
    if (key === 'name' && walked.length > 0) replaceAll(container, { name: value });
    // So does a preset, which goes before the options that are set after it.
    else if (isPreset(walked, key)) replaceAll(container, { name: container.name as string, preset: value });
    else container[place] = value;
    return;
  }
  if (found === undefined) container[place] = {};
  assign(container[place] as Json, absent, rest, text, here);
}

function own(node: Json, key: string): Json | undefined {
  const has = typeof node === 'object' && node !== null && Object.hasOwn(node, key);
  return has ? (node as Node)[key] : undefined;
}

/** Of what may be one measurement or a list of them. */
function isMeasure(path: string[]): boolean {
  return ['checkpoints.best', 'earlyStop.measurement'].includes(path.join('.'));
}

function listOf(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

function isPreset(walked: string[], key: string): boolean {
  return walked.at(-1) === 'net' && key === 'preset';
}

/** An item of a list by its position or, for attacks, by what it is called in results. */
function indexIn(list: Json[], key: string): string | undefined {
  const index = list.findIndex((item) => (isNode(item) && (item.as ?? item.name)) === key);
  if (index >= 0) return String(index);
  return /^\d+$/.test(key) && Number(key) < list.length ? key : undefined;
}

/** What `text` says, in the kind of `like`. Throws `UsageError`, naming `path`, where it cannot be read so. */
export function coerce(text: string, like: Json, path: string): Json {
  if (typeof like === 'number') return parseNumber(text, path);
  if (typeof like === 'string') return text;
  if (typeof like === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new UsageError(`${path}: expected true or false, received "${text}".`);
  }
  if (Array.isArray(like)) {
    if (text === '') return [];
    return text.split(',').map((item) => coerce(item.trim(), like[0] ?? guess(item), path));
  }
  if (isNode(like) && typeof like.name === 'string') return { name: text };
  const keys = Object.keys(like ?? {}).join(', ');
  throw new UsageError(
    `${path} is a group: set one of its parts (${keys}), such as ${path}.${keys.split(', ')[0]}=…`,
  );
}

/** What an empty list lists. */
function guess(item: string): Json {
  return Number.isFinite(Number(item)) ? 0 : '';
}

function replaceAll(target: Node, value: Node): void {
  for (const key of Object.keys(target)) delete target[key];
  Object.assign(target, value);
}

function unknownPath(target: Json, sample: Json | undefined, walked: string[], key: string): UsageError {
  const keys = Array.isArray(target)
    ? target.map((item, i) =>
        isNode(item) && typeof item.name === 'string' ? String(item.as ?? item.name) : String(i),
      )
    : isNode(target) || isNode(sample)
      ? Object.keys({ ...(isNode(target) ? target : {}), ...(isNode(sample) ? sample : {}) })
      : [];
  const owner = walked.join('.') || 'An experiment';
  const has = keys.length > 0 ? `It has: ${keys.join(', ')}.` : 'It has no parts.';
  return new UsageError(`--set ${[...walked, key].join('.')}: ${owner} has no "${key}". ${has}`);
}

function isNode(value: Json | undefined): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
