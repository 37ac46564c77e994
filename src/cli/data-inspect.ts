import type { Argv, CommandModule } from 'yargs';
import type { Dataset } from '../data/dataset.ts';
import type { SplitIndices } from '../data/split.ts';
import type { BadSample } from '../data/verify.ts';
import { UsageError } from '../errors.ts';
import { chooseExperiment } from './choose-experiment.ts';
import { setOption } from './options.ts';
import type { Json } from './overrides.ts';

interface Arguments {
  readonly what: string;
  readonly set: string[];
  readonly verify: boolean;
  readonly sheet: string | undefined;
  readonly json: boolean;
}

/** Images of the contact sheet. */
const SHOWN = 24;

export const inspectCommand: CommandModule<object, Arguments> = {
  command: 'inspect <what>',
  describe:
    'Counts, classes, sizes, intensities, patients, duplicates, leaks and bad files, and a contact sheet',
  builder: (parser) =>
    parser
      .positional('what', {
        type: 'string',
        demandOption: true,
        describe: 'An experiment, or a format of "medrobust list datasets" with its options by --set',
      })
      .options({
        ...setOption,
        verify: {
          type: 'boolean',
          default: false,
          describe: 'Only look for what is wrong; exit with 1 where bad files or leaks are found',
        },
        sheet: { type: 'string', describe: 'Where the contact sheet goes; <name>-sheet.png by default' },
        json: { type: 'boolean', default: false, describe: 'As JSON' },
      })
      .example('$0 data inspect demo', 'the data of an experiment, divided as it divides them')
      .example(
        '$0 data inspect imageFolder --set directory=scans --verify',
        'every file of a folder',
      ) as unknown as Argv<Arguments>,
  async handler(parsed) {
    if (parsed.verify && parsed.sheet !== undefined)
      throw new UsageError('--sheet: --verify only looks for what is wrong. Leave one of them out.');
    const { dataset, divide } = await open(parsed);
    const { duplicatesAcross, inspect } = await import('../train/inspect.ts');
    const { formatInspection } = await import('./inspection-table.ts');
    const inspection = await inspect(dataset, divide);
    const sheet = parsed.verify ? undefined : (parsed.sheet ?? `${dataset.name}-sheet.png`);
    if (sheet !== undefined) await writeSheet(sheet, await drawSheet(dataset, inspection.bad));
    const written = { ...inspection, ...(sheet !== undefined && { sheet }) };
    process.stdout.write(
      parsed.json ? `${JSON.stringify(written, null, 2)}\n` : formatInspection(inspection, sheet),
    );
    const wrong = inspection.bad.length + inspection.leaks.length + duplicatesAcross(inspection).length;
    if (parsed.verify && wrong > 0) process.exitCode = 1;
  },
};

interface Opened {
  readonly dataset: Dataset;
  readonly divide?: (bad: readonly BadSample[]) => SplitIndices;
}

/** A format with its options, or what an experiment names. */
async function open({ what, set }: Arguments): Promise<Opened> {
  const registry: Readonly<Record<string, { readonly defaults: object }>> = await import(
    '../data/registry.ts'
  );
  const { openDataset } = await import('../data/create.ts');
  if (Object.hasOwn(registry, what)) {
    const choice = { name: what, ...(await optionsOf(what, registry[what]?.defaults ?? {}, set)) };
    const dataset = await openDataset(choice as Parameters<typeof openDataset>[0]);
    const { fixedSplits } = dataset;
    return { dataset, ...(fixedSplits && { divide: () => fixedSplits }) };
  }
  const { checkExperiment } = await import('../train/check-experiment.ts');
  const { DEFAULT_SPLIT } = await import('../train/check-data.ts');
  const { splitIndices } = await import('../data/split.ts');
  const { withoutBad } = await import('../data/verify.ts');
  const { createRandom } = await import('../random.ts');
  const { data, seed } = checkExperiment(await chooseExperiment(what, set));
  const dataset = await openDataset(data.dataset);
  const divide = (bad: readonly BadSample[]): SplitIndices => {
    const used = data.skipBad ? withoutBad(dataset, bad) : dataset;
    const indexOf = new Map(dataset.samples.map(({ id }, index) => [id, index]));
    const indices = splitIndices(used, data.split ?? DEFAULT_SPLIT, createRandom(seed).stream('split'));
    const inAll = (part: readonly number[]) =>
      part.map((index) => indexOf.get(used.samples[index]?.id ?? '') as number);
    return { train: inAll(indices.train), validation: inAll(indices.validation), test: inAll(indices.test) };
  };
  return { dataset, divide };
}

/** `directory=scans` in the kind of the option's default. */
async function optionsOf(
  name: string,
  defaults: object,
  assignments: readonly string[],
): Promise<Record<string, Json>> {
  const { coerce } = await import('./overrides.ts');
  const known = defaults as Record<string, Json>;
  const options: Record<string, Json> = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    const key = assignment.slice(0, Math.max(0, at));
    if (!Object.hasOwn(known, key)) {
      throw new UsageError(
        `--set: expected option=value with an option of ${name}, received "${assignment}". ` +
          `Its options: ${Object.keys(known).join(', ')}.`,
      );
    }
    options[key] = coerce(assignment.slice(at + 1), known[key] as Json, key);
  }
  return options;
}

async function writeSheet(path: string, png: Uint8Array): Promise<void> {
  const { orRunError, replaceFile } = await import('../train/files.ts');
  await orRunError('Cannot write the contact sheet', () => replaceFile(path, png));
}

/** Some of every class. */
async function drawSheet(dataset: Dataset, bad: readonly BadSample[]): Promise<Uint8Array> {
  const { describeLabels } = await import('../data/dataset.ts');
  const { sampleStratified } = await import('../data/subset.ts');
  const { withoutBad } = await import('../data/verify.ts');
  const { createRandom } = await import('../random.ts');
  const { drawContactSheet } = await import('../report/contact-sheet.ts');
  const good = withoutBad(dataset, bad);
  const shown = sampleStratified(good, SHOWN, createRandom(1, 'sheet'));
  const images = await Promise.all(
    Array.from(shown, async (index) => {
      const { id, pixels, label } = await good.read(index);
      const image = { pixels, shape: good.imageShape };
      if (typeof label === 'number') return { image, captions: [id, good.classes[label] ?? ''] };
      if (good.task === 'segmentation') return { image, captions: [id], labels: label };
      return { image, captions: [id, describeLabels(label, good.classes)] };
    }),
  );
  return drawContactSheet(images, { title: `${dataset.name}: ${shown.length} of ${dataset.samples.length}` });
}
