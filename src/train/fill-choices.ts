// Experiments with every option filled in.

import type { AttackChoice } from '../attacks/create.ts';
import * as attacks from '../attacks/registry.ts';
import * as augmentations from '../data/augmentations/registry.ts';
import { fillIntensity } from '../data/intensity.ts';
import * as datasets from '../data/registry.ts';
import { fillLoss } from '../losses/create.ts';
import * as nets from '../nets/registry.ts';
import { type Options, resolveChoice } from '../options.ts';
import * as defences from './defences/registry.ts';
import type { Experiment } from './experiment.ts';
import * as optimizers from './optimizers/registry.ts';
import { requireChoice } from './requirements.ts';
import * as schedules from './schedules/registry.ts';

type Registry = Readonly<Record<string, { readonly defaults: Options }>>;

/** What the net of an experiment does, by its definition. */
export function taskOfNet(net: Experiment['net']): 'classification' | 'segmentation' {
  return resolveChoice('net', nets, requireChoice('net', net)).definition.task;
}

/** Fills in the options of data, net, loss, optimizer, schedule, defence and attacks; throws `UsageError` for unknown ones. */
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
        ...(robustness.attacks && { attacks: robustness.attacks.map(fillAttack) }),
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
