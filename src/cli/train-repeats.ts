// `medrobust train --seeds 1,2,3 --folds all`: run after run, each in a directory of its own.

import { relative } from 'node:path';
import { UsageError } from '../errors.ts';
import type { Repeats } from '../train/repeats.ts';
import type { Trained, TrainOptions } from '../train/train.ts';
import { calledAs } from './called.ts';
import { chooseExperiment } from './choose-experiment.ts';

export const repeatOptions = {
  seeds: { type: 'string', describe: 'One run after the other, with these seeds: 1,2,3' },
  folds: { type: 'string', describe: 'One run for each of these folds of the data: all, or 0,2' },
} as const;

export interface RepeatArguments {
  readonly seeds: string | undefined;
  readonly folds: string | undefined;
}

/** What is asked for; undefined for a single run. Throws `UsageError` for what is no list of numbers. */
export function parseRepeats({ seeds, folds }: RepeatArguments): Repeats | undefined {
  if (seeds === undefined && folds === undefined) return undefined;
  return {
    ...(seeds !== undefined && { seeds: parseList(seeds, '--seeds') }),
    ...(folds !== undefined && { folds: folds === 'all' ? folds : parseList(folds, '--folds') }),
  };
}

function parseList(text: string, owner: string): number[] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.every(Number.isSafeInteger) && new Set(numbers).size === numbers.length) return numbers;
  throw new UsageError(`${owner}: expected different whole numbers such as 1,2,3; received "${text}".`);
}

/**
 * Trains them one after the other. A run that is there already is left as it is, or gone on with: the same command does
 * the rest of what was interrupted. One that another process trains is passed over, so that two may share the work.
 *
 * `onTrained` has each that was trained here, and says whether the next may begin.
 */
export async function trainRepeats(
  { experiment: name, set }: { readonly experiment: string; readonly set: readonly string[] },
  repeats: Repeats,
  options: TrainOptions & { readonly directory: string },
  onTrained: (trained: Trained) => Promise<boolean>,
): Promise<void> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const { furthestRunOf } = await import('../train/furthest-runs.ts');
  const { isHeld } = await import('../train/run-lock.ts');
  const { repeatsOf } = await import('../train/repeats.ts');
  const experiments = repeatsOf(await chooseExperiment(name, set), repeats);
  const { resume, train } = await import('../train/train.ts');
  let passed = 0;
  for (const [i, experiment] of experiments.entries()) {
    const { seed, epochs } = experiment;
    const { split } = experiment.data;
    const fold = split && 'folds' in split ? `, fold ${split.fold}` : '';
    const which = `Run ${i + 1} of ${experiments.length}, seed ${seed}${fold}`;
    const found = await furthestRunOf(options.directory, experiment);
    const path = found && relative(process.cwd(), found.path);
    if (found && found.epochs >= epochs) {
      say(`${which}: is there, ${path}`);
      continue;
    }
    if (found && (await isHeld(found.path))) {
      say(`${which}: another process is at it, ${path}`);
      passed++;
      continue;
    }
    say(found ? `${which}: goes on after ${found.epochs} of ${epochs} epochs, ${path}` : `${which}: begins`);
    if (!(await onTrained(await (found ? resume(found.path, options) : train(experiment, options))))) return;
  }
  const { name: directory } = experiments[0] as (typeof experiments)[number];
  if (passed > 0) say(`${passed} of ${experiments.length} runs were left to other processes.`);
  else say(`All ${experiments.length} runs are there. Next: ${calledAs(`compare ${directory}`)}`);
}
