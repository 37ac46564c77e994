// What an experiment must be like, said in one way.

import { listChoices, UsageError } from '../errors.ts';

const SHAPES = {
  experiment: [
    'name',
    'seed',
    'data',
    'net',
    'weights',
    'loss',
    'optimizer',
    'accumulate',
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
    'trainImages',
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

export function requireChoice<T>(kind: string, choice: T): T {
  const isChoice =
    typeof choice === 'object' && choice !== null && 'name' in choice && typeof choice.name === 'string';
  require(isChoice, kind, '{ name: "…", options }', choice);
  return choice;
}

export function requireKeys(section: keyof typeof SHAPES, value: object): void {
  const keys: readonly string[] = SHAPES[section];
  require(typeof value === 'object' && value !== null, section, `an object with ${keys.join(', ')}`, value);
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue;
    throw new UsageError(`${section} has no "${key}". It has: ${keys.join(', ')}.`);
  }
}

export function require(holds: boolean, owner: string, expected: string, received: unknown): void {
  if (holds) return;
  throw new UsageError(
    `${owner}: expected ${expected}; received ${JSON.stringify(received) ?? String(received)}.`,
  );
}

export function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

export function choicesOf(registry: object): string {
  return listChoices(Object.keys(registry));
}
