import { dirname, join, relative } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import type { AttackChoice } from '../attacks/create.ts';
import type { NormName } from '../attacks/threat.ts';
import type { DatasetChoice } from '../data/create.ts';
import type { Dataset, SplitName } from '../data/dataset.ts';
import { UsageError } from '../errors.ts';
import { BIT_DEPTHS, type BitDepth } from '../robustness/bit-depths.ts';
import type { CorruptionName } from '../robustness/corruptions/corrupt.ts';
import { NOISES, type NoiseName } from '../robustness/noises.ts';
import { OUTPUTS, type Outputs } from '../robustness/output-kinds.ts';
import type { Tiles } from '../robustness/tiles.ts';
import type { Evaluation } from '../train/evaluate.ts';
import type { Experiment } from '../train/experiment.ts';
import { refuseKeptData, refuseOtherEpsilons } from './evaluation-checks.ts';
import { formatEvaluation } from './evaluation-table.ts';
import { parseNumber, parseNumbers } from './numbers.ts';
import {
  directoryOption,
  type EngineArguments,
  engineOptions,
  parseCount,
  parseEngine,
  setOption,
} from './options.ts';
import { COMMANDS } from './overview.ts';
import {
  findSubject,
  loadSubject,
  normBeside,
  openData,
  type Subject,
  subjectOptions,
  subjectPositional,
} from './subject.ts';

interface Arguments extends EngineArguments {
  readonly run: string;
  readonly checkpoint: string | undefined;
  readonly split: SplitName;
  readonly attacks: string | undefined;
  readonly set: string[];
  readonly epsilons: string | undefined;
  readonly norm: NormName | undefined;
  readonly images: string | undefined;
  readonly seconds: string | undefined;
  readonly quantise: BitDepth | undefined;
  readonly unseen: boolean | undefined;
  readonly outputs: Outputs | undefined;
  readonly transfer: string | undefined;
  readonly tile: string | undefined;
  readonly overlap: string | undefined;
  readonly corruptions: string | undefined;
  readonly noise: NoiseName | undefined;
  readonly outliers: string | undefined;
  readonly ambiguity: boolean | undefined;
  readonly experiment: string | undefined;
  readonly directory: string;
}

export const evaluateCommand: CommandModule<object, Arguments> = {
  ...COMMANDS.evaluate,
  builder: (parser) =>
    parser
      .positional('run', subjectPositional)
      .options({
        ...subjectOptions,
        attacks: { type: 'string', describe: 'Such as fgsm,pgd; those of the experiment by default' },
        set: {
          ...setOption.set,
          describe: 'Change the data, or how it is attacked: robustness.attacks.pgd.steps=50',
        },
        epsilons: { type: 'string', describe: 'Such as 0,2/255,8/255; those of the experiment by default' },
        norm: { choices: ['linf', 'l2', 'l1', 'l0'], describe: 'In which epsilons are measured' },
        images: { type: 'string', describe: 'How many images are attacked' },
        seconds: {
          type: 'string',
          describe: 'How long attacks may take: that decides how many images are attacked, at most --images',
        },
        quantise: {
          choices: BIT_DEPTHS,
          describe: 'Judge images as they are stored with so many bits a value',
        },
        unseen: {
          type: 'boolean',
          describe: 'The largest epsilon that is not seen, for iterative attacks, too (seven more runs)',
        },
        outputs: {
          choices: OUTPUTS,
          describe: 'What a model.json gives; by default what its last layer tells',
        },
        transfer: {
          type: 'string',
          describe:
            'Another run, experiment or model.json: every attack is made on its net, too, and tried on this one',
        },
        tile: {
          type: 'string',
          describe:
            'Segments images that are larger than the net was trained on, in tiles such as 128 or 128x96',
        },
        overlap: {
          type: 'string',
          describe: 'The share of a tile that the next one covers too; 0.25 by default',
        },
        corruptions: {
          type: 'string',
          describe: 'Such as gaussianNoise,blur, or all: what else is done to these images',
        },
        noise: {
          choices: NOISES,
          describe: 'Noise as visible as the attacked images, as their control',
        },
        outliers: { type: 'string', describe: 'Images of another kind: a dataset, such as brainPhantoms' },
        ambiguity: { type: 'boolean', describe: 'How sure the net is of mixtures of two classes' },
        experiment: {
          type: 'string',
          describe: 'Whose data and metrics; needed for a model.json from elsewhere',
        },
        ...engineOptions,
        ...directoryOption,
      })
      .example('$0 evaluate demo', 'the best checkpoint of the newest run, on the test split')
      .example(
        '$0 evaluate demo --attacks fgsm,pgd --epsilons 0,2/255,8/255',
        'other curves',
      ) as unknown as Argv<Arguments>,
  async handler(parsed) {
    const subject = await findSubject(parsed);
    await refuseKeptData(subject, parsed.set);
    const { checkExperiment } = await import('../train/check-experiment.ts');
    const kinds = Object.keys(await import('../robustness/corruptions/registry.ts'));
    const experiment = withRobustness(checkExperiment(subject.experiment), parsed, kinds);
    const checked = checkExperiment(await changed(experiment, parsed.set));
    refuseOtherEpsilons(subject.experiment, checked, parsed);
    const evaluation = await measure(subject, checked, parsed);
    process.stdout.write(formatEvaluation(evaluation));
    await save(evaluation, subject, parsed);
  },
};

/** A trained net is as it is: what can be changed is what it sees, and how it is attacked. */
async function changed(experiment: Experiment, set: readonly string[]): Promise<Experiment> {
  const other = set.find((assignment) => !/^(data|robustness)\./.test(assignment));
  if (other !== undefined)
    throw new UsageError(
      `--set: expected a part of data or robustness, such as robustness.attacks.pgd.steps=50; received "${other}".`,
    );
  const { override } = await import('./overrides.ts');
  return override(experiment, set);
}

/** What is attacked: as the experiment says, but for what the command line does. */
function withRobustness(experiment: Experiment, parsed: Arguments, kinds: readonly string[]): Experiment {
  const { attacks, epsilons, norm, images, quantise, unseen, corruptions, noise, outliers, ambiguity } =
    parsed;
  const seconds = secondsOf(parsed);
  const own = experiment.robustness;
  if (!own && attacks === undefined) {
    const measured = [epsilons, norm, images, seconds, quantise, unseen, parsed.transfer];
    const others = [...measured, corruptions, noise, outliers, ambiguity];
    if (others.every((option) => option === undefined)) return experiment;
    throw new UsageError('The experiment attacks nothing: name the attacks too, such as --attacks fgsm,pgd.');
  }
  const byDefault = { norm: 'linf', epsilons: [0, 1 / 255, 2 / 255, 4 / 255, 8 / 255], images: 100 } as const;
  const count = parseCount(images, '--images');
  const robustness = {
    ...byDefault,
    attacks: [],
    ...own,
    everyEpochs: 1,
    // Names are checked with the rest of the experiment.
    ...(attacks !== undefined && {
      attacks: attacks.split(',').map((name) => choiceOf(name.trim(), own?.attacks)),
    }),
    ...(epsilons !== undefined && { epsilons: parseNumbers(epsilons, '--epsilons') }),
    ...(norm !== undefined && { norm }),
    // All that there is time for.
    ...(seconds !== undefined && { images: Number.MAX_SAFE_INTEGER }),
    ...(count !== undefined && { images: count }),
    ...(quantise !== undefined && { quantise }),
    ...(unseen !== undefined && { unseen }),
    ...(corruptions !== undefined && { corruptions: corruptionsOf(corruptions, kinds) }),
    ...(noise !== undefined && { noise }),
    ...(outliers !== undefined && { outliers: { name: outliers } as DatasetChoice }),
    ...(ambiguity !== undefined && { ambiguity }),
  };
  return { ...experiment, robustness };
}

function secondsOf({ seconds }: Arguments): number | undefined {
  if (seconds === undefined) return undefined;
  const given = parseNumber(seconds, '--seconds');
  if (given > 0) return given;
  throw new UsageError(`--seconds: expected a number above 0, received ${seconds}.`);
}

/** `--tile 128` or `--tile 128x96`, height before width, with `--overlap 0.25`. */
function tilesOf({ tile, overlap }: Arguments): Tiles | undefined {
  if (tile === undefined) {
    if (overlap === undefined) return undefined;
    throw new UsageError('--overlap: expected --tile beside it, such as --tile 128.');
  }
  const [height = Number.NaN, width = height, ...more] = tile.split('x').map(Number);
  const whole = [height, width].every((side) => Number.isInteger(side) && side > 0) && more.length === 0;
  if (!whole) throw new UsageError(`--tile: expected a size such as 128 or 128x96, received "${tile}".`);
  const share = overlap === undefined ? 0.25 : parseNumber(overlap, '--overlap');
  return { size: [height, width], overlap: share };
}

/** Names are checked with the rest of the experiment. */
function corruptionsOf(list: string, kinds: readonly string[]): CorruptionName[] {
  const names = list === 'all' ? kinds : list.split(',').map((name) => name.trim());
  return names as readonly string[] as CorruptionName[];
}

/** An attack that the experiment has, by what it is called there, keeps its options. */
function choiceOf(name: string, own: readonly AttackChoice[] = []): AttackChoice {
  return own.find((attack) => (attack.as ?? attack.name) === name) ?? ({ name } as AttackChoice);
}

async function measure(subject: Subject, experiment: Experiment, parsed: Arguments): Promise<Evaluation> {
  const { useEngine } = await import('../engine/engine.ts');
  const { evaluate } = await import('../train/evaluate.ts');
  const { checkTiles } = await import('../robustness/tiles.ts');
  const { engine = 'auto', ...engineOptions } = parseEngine(parsed);
  const surrogate =
    parsed.transfer &&
    (await findSubject(
      { run: parsed.transfer, checkpoint: undefined, experiment: undefined, directory: parsed.directory },
      experiment,
    ));
  await useEngine(engine, engineOptions);
  const dataset = (await openData(subject, experiment))[parsed.split];
  if (dataset.samples.length === 0)
    throw new UsageError(`--split ${parsed.split}: ${dataset.name} has no such part.`);
  const tiles = tilesOf(parsed);
  if (tiles) checkTiles(tiles, dataset.imageShape);
  const { imageShape } = dataset;
  const seen: Dataset = tiles ? { ...dataset, imageShape: [...tiles.size, imageShape[2]] } : dataset;
  const model = await loadSubject(subject, seen);
  const other = surrogate ? await loadSubject(surrogate, seen) : undefined;
  const { robustness } = experiment;
  const evaluation = await evaluate(
    model,
    experiment,
    { split: parsed.split, dataset },
    {
      outputs: parsed.outputs,
      tiles,
      ...(robustness && { robustness, seconds: secondsOf(parsed) }),
      ...(robustness && other && { surrogate: other }),
    },
  );
  model.dispose();
  other?.dispose();
  return evaluation;
}

async function save(
  evaluation: Evaluation,
  { run, file, checkpoint, experiment }: Subject,
  { split, tile, set }: Arguments,
): Promise<void> {
  const { writeEvaluation } = await import('./evaluation-files.ts');
  const directory = run ? join(run, 'evaluations') : dirname(file as string);
  // Beside what `compare` reads, which is of the data as they were trained on; so is what was attacked in another norm.
  const changed = set.some((assignment) => /^data\.(?!batchSize=)/.test(assignment));
  const kind = tile !== undefined ? ['tiled'] : changed ? ['changed'] : [];
  const norm = normBeside(experiment, evaluation.robustness?.worst.norm);
  const name = [split, checkpoint, ...kind, ...norm].join('-');
  const written = await writeEvaluation(directory, name, evaluation);
  process.stdout.write(`\nWritten: ${written.map((path) => relative(process.cwd(), path)).join(', ')}\n`);
}
