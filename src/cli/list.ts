import type { Argv, CommandModule } from 'yargs';
import type { Configurable, Options } from '../options.ts';
import { COMMANDS } from './overview.ts';

const KINDS = [
  'nets',
  'attacks',
  'datasets',
  'augmentations',
  'metrics',
  'corruptions',
  'losses',
  'optimizers',
  'schedules',
  'defences',
  'engines',
  'experiments',
] as const;

type Kind = (typeof KINDS)[number];

/** A line of the list, and an object of `--json`. */
interface Entry {
  readonly name: string;
  /** What is to be known beside the options, such as the task of a net. */
  readonly note?: string;
  readonly options?: Options;
  /** Named sets of options. */
  readonly presets?: Readonly<Record<string, Options>>;
  /** The paper. */
  readonly source?: string;
}

interface Arguments {
  readonly kind: Kind;
  readonly json: boolean;
}

export const listCommand: CommandModule<object, Arguments> = {
  ...COMMANDS.list,
  builder: (parser) =>
    parser
      .positional('kind', { choices: KINDS, demandOption: true, describe: 'What to list' })
      .option('json', { type: 'boolean', default: false, describe: 'As JSON' })
      .example('$0 list nets', 'nets and their options')
      .example('$0 list attacks --json', 'for programs') as unknown as Argv<Arguments>,
  async handler({ kind, json }) {
    const entries = await entriesOf(kind);
    process.stdout.write(json ? `${JSON.stringify(entries, null, 2)}\n` : entries.map(lineOf).join(''));
  },
};

async function entriesOf(kind: Kind): Promise<Entry[]> {
  switch (kind) {
    case 'nets':
      return withOptions(await import('../nets/registry.ts'), ({ task }) => task);
    case 'attacks':
      return withOptions(await import('../attacks/registry.ts'));
    case 'datasets':
      return withOptions(await import('../data/registry.ts'));
    case 'augmentations':
      return withOptions(await import('../data/augmentations/registry.ts'));
    case 'optimizers':
      return withOptions(await import('../train/optimizers/registry.ts'));
    case 'schedules':
      return withOptions(await import('../train/schedules/registry.ts'));
    case 'defences':
      return withOptions(await import('../train/defences/registry.ts'), ({ task }) => task ?? 'any task');
    case 'metrics': {
      const metrics = Object.entries(await import('../robustness/metrics/registry.ts'));
      return metrics.map(([name, { task, better }]) => ({ name, note: `${task}, ${better} is better` }));
    }
    case 'corruptions': {
      const corruptions = Object.entries(await import('../robustness/corruptions/registry.ts'));
      return corruptions.map(([name, { amounts }]) => ({
        name,
        note: `amounts ${amounts.map(shortOf).join(', ')}`,
      }));
    }
    case 'losses':
      return withOptions(await import('../losses/registry.ts'));
    case 'engines': {
      const { probeEngines } = await import('../engine/engine.ts');
      return (await probeEngines()).map(({ name, works, reason }) => ({
        name,
        note: works ? 'works' : reason,
      }));
    }
    case 'experiments': {
      const { listExperiments } = await import('./experiment-file.ts');
      return listExperiments().map(({ name, path }) => ({ name, note: path }));
    }
  }
}

interface Listed extends Configurable {
  readonly source?: string;
}

function withOptions<D extends Listed>(
  registry: Readonly<Record<string, D>>,
  note?: (definition: D) => string,
): Entry[] {
  return Object.entries(registry).map(([name, definition]) => ({
    name,
    ...(note && { note: note(definition) }),
    options: definition.defaults,
    ...(definition.presets && { presets: definition.presets }),
    ...(definition.source && { source: definition.source }),
  }));
}

function shortOf(amount: number): string {
  return `${Number(amount.toPrecision(3))}`;
}

function lineOf({ name, note, options = {}, presets = {}, source }: Entry): string {
  const lines = Object.entries(options).map(
    ([option, value]) => `    ${option} = ${JSON.stringify(value)}\n`,
  );
  const named = Object.keys(presets);
  if (named.length > 0) lines.push(`    presets: ${named.join(', ')}\n`);
  if (source) lines.push(`    ${source}\n`);
  return `${name}${note ? `  (${note})` : ''}\n${lines.join('')}`;
}
