import type { Hyperparameters } from '../summary/hparams.ts';
import type { Experiment } from './experiment.ts';

/** What says how a run is measured and kept, not how it is trained. */
const NOT_TRAINED_WITH = ['metrics', 'robustness', 'checkpoints', 'earlyStop'];

/** Everything that decides the weights, by its path: `net.depth`. Lists are written as JSON. */
export function hyperparametersOf(experiment: Experiment): Hyperparameters {
  const decisive = Object.entries(experiment).filter(([key]) => !NOT_TRAINED_WITH.includes(key));
  return Object.fromEntries(flatten('', Object.fromEntries(decisive)));
}

function flatten(path: string, value: unknown): [string, number | string | boolean][] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
    return [[path, value]];
  if (Array.isArray(value)) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, inner]) =>
    flatten(path === '' ? key : `${path}.${key}`, inner),
  );
}
