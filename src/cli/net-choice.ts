// A net, its options and its size, as commands take them.

import { UsageError } from '../errors.ts';
import type { NetChoice } from '../nets/create.ts';
import type { Json } from './overrides.ts';

export interface NetArguments {
  readonly net: string;
  readonly set: string[];
  readonly preset: string | undefined;
  readonly input: string;
  readonly classes: string;
}

export const netOptions = {
  set: {
    type: 'string',
    array: true,
    nargs: 1,
    default: [],
    describe: 'Change an option of the net: option=value',
  },
  preset: { type: 'string', describe: 'A named variant of the net' },
  input: {
    type: 'string',
    demandOption: true,
    describe: 'Images as height x width x channels, such as 299x299x3; volumes with their depth first',
  },
  classes: { type: 'string', demandOption: true, describe: 'Number of classes' },
} as const;

/** `299x299x3`, or `64x128x128x1`. */
export function parseInput(text: string): number[] {
  const sizes = text.split(/[x×]/).map(Number);
  const fits = sizes.length === 3 || sizes.length === 4;
  if (fits && sizes.every((size) => Number.isInteger(size) && size > 0)) return sizes;
  throw new UsageError(
    `--input: expected height x width x channels, such as 299x299x3, or depth first; received "${text}".`,
  );
}

/** The net with the options of `--set`, each of the kind of its default. */
export async function choiceOf({ net, preset, set }: NetArguments): Promise<NetChoice> {
  const { resolveNet } = await import('../nets/create.ts');
  const { coerce } = await import('./overrides.ts');
  const choice: Record<string, Json> = { name: net, ...(preset !== undefined && { preset }) };
  const { options } = resolveNet(choice as unknown as NetChoice);
  for (const assignment of set) {
    const at = assignment.indexOf('=');
    if (at < 1) {
      throw new UsageError(`--set: expected option=value, such as width=0.5; received "${assignment}".`);
    }
    const [option, text] = [assignment.slice(0, at), assignment.slice(at + 1)];
    // The net says which options it has.
    const like = Object.hasOwn(options, option) ? (options[option] as Json) : '';
    choice[option] = coerce(text, like, option);
  }
  return choice as unknown as NetChoice;
}
