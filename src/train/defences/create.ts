import type { Task } from '../../attacks/attack.ts';
import { UsageError } from '../../errors.ts';
import type { Loss } from '../../losses/loss.ts';
import type { Net } from '../../nets/net.ts';
import { type Choice, type Options, resolveChoice } from '../../options.ts';
import type { Random } from '../../random.ts';
import { attacking } from './attacking.ts';
import { type CommonOptions, checkCommonOptions, type Defence, type DefenceDefinition } from './defence.ts';
import * as registry from './registry.ts';
import { replaying } from './replaying.ts';

/** `{ name: 'trades', beta: 6, epsilon: 8 / 255 }`. */
export type DefenceChoice = Choice<typeof registry>;

/** What a defence belongs to. */
export interface Bound {
  readonly net: Net;
  /** Of the experiment. */
  readonly loss: Loss;
  readonly random: Random;
  /** Images of a whole batch. */
  readonly batchSize: number;
}

/** Throws `UsageError` for an unknown name, an option that is unknown or out of its range, or another task. */
export function checkDefence(choice: DefenceChoice, task: Task): void {
  const { name, definition } = resolve(choice);
  if (definition.task === undefined || definition.task === task) return;
  throw new UsageError(
    `The defence ${name} is for ${definition.task}, and this is ${task}. Choose another defence.`,
  );
}

/** Whether it trains on images of single steps, to which nets may overfit. */
export function isSingleStep(choice: DefenceChoice): boolean {
  return resolve(choice).definition.singleStep ?? false;
}

/** Disposing it frees what it keeps, not the net. */
export function createDefence(choice: DefenceChoice, bound: Bound): Defence {
  const { definition, options } = resolve(choice);
  if (definition.attack) return attacking(definition, options, bound);
  return replaying(definition.replays(options), options, bound);
}

function resolve(choice: DefenceChoice) {
  const definitions: Readonly<Record<string, DefenceDefinition<Options>>> = registry;
  const { name, definition, options } = resolveChoice('defence', definitions, choice);
  const resolved = options as CommonOptions;
  checkCommonOptions(name, resolved);
  definition.check?.(resolved);
  return { name, definition, options: resolved };
}
