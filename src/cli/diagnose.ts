import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import type { NormName } from '../attacks/threat.ts';
import type { Dataset, SplitName } from '../data/dataset.ts';
import { UsageError } from '../errors.ts';
import type { CurveRecord, Diagnosis } from '../train/diagnose.ts';
import { formatDiagnosis } from './diagnosis-table.ts';
import { parseNumber } from './numbers.ts';
import { directoryOption, type EngineArguments, engineOptions, parseCount, parseEngine } from './options.ts';
import { COMMANDS } from './overview.ts';
import {
  findSubject,
  loadSubject,
  normBeside,
  openData,
  type Subject,
  type SubjectArguments,
  subjectOptions,
  subjectPositional,
} from './subject.ts';

interface Arguments extends EngineArguments, SubjectArguments {
  readonly split: SplitName;
  readonly images: string;
  readonly norm: NormName | undefined;
  readonly epsilon: string | undefined;
  readonly json: boolean;
}

export const diagnoseCommand: CommandModule<object, Arguments> = {
  ...COMMANDS.diagnose,
  builder: (parser) =>
    parser
      .positional('run', subjectPositional)
      .options({
        ...subjectOptions,
        images: { type: 'string', default: '50', describe: 'How many images are attacked' },
        norm: { choices: ['linf', 'l2', 'l1'], describe: 'In which epsilon is measured' },
        epsilon: {
          type: 'string',
          describe: 'Of the checks that attack, such as 4/255; the middle one of the experiment by default',
        },
        json: { type: 'boolean', default: false, describe: 'As JSON' },
        experiment: {
          type: 'string',
          describe: 'Whose data and metrics; needed for a model.json from elsewhere',
        },
        ...engineOptions,
        ...directoryOption,
      })
      .epilogue('A flag is a finding, not a failure: the exit code is 0 with flags, too.')
      .example('$0 diagnose demo', 'the best checkpoint of the newest run, on the test split')
      .example(
        '$0 diagnose demo --images 200 --epsilon 8/255',
        'surer and slower',
      ) as unknown as Argv<Arguments>,
  async handler(parsed) {
    const images = parseCount(parsed.images, '--images') as number;
    const epsilon = parsed.epsilon === undefined ? undefined : parseNumber(parsed.epsilon, '--epsilon');
    const subject = await findSubject(parsed);
    const diagnosis = await measure(subject, parsed, { images, ...(epsilon !== undefined && { epsilon }) });
    const files = await write(diagnosis, subject, parsed);
    if (parsed.json) {
      process.stdout.write(`${JSON.stringify(diagnosis, null, 2)}\n`);
      return;
    }
    process.stdout.write(formatDiagnosis(diagnosis));
    process.stdout.write(`\nWritten: ${files.map((path) => relative(process.cwd(), path)).join(', ')}\n`);
  },
};

async function measure(
  subject: Subject,
  parsed: Arguments,
  options: { readonly images: number; readonly epsilon?: number },
): Promise<Diagnosis> {
  const { useEngine } = await import('../engine/engine.ts');
  const { checkExperiment } = await import('../train/check-experiment.ts');
  const { diagnose } = await import('../train/diagnose.ts');
  const experiment = checkExperiment(subject.experiment);
  const { engine = 'auto', ...engineOptions } = parseEngine(parsed);
  const { split, norm } = parsed;
  await useEngine(engine, engineOptions);
  const dataset = (await openData(subject, experiment))[split];
  if (dataset.samples.length === 0)
    throw new UsageError(`--split ${split}: ${dataset.name} has no such part.`);
  const model = await loadSubject(subject, dataset);
  const surrogate = await otherCheckpoint(subject, dataset);
  const record = await recordOf(subject);
  const progress = progressOn(process.stderr);
  const diagnosis = await diagnose(
    model,
    experiment,
    { split, dataset },
    {
      ...options,
      ...(norm && { norm }),
      ...(surrogate && { surrogate }),
      ...(record && { record }),
      onCheck: progress.show,
    },
  );
  progress.clear();
  model.dispose();
  surrogate?.dispose();
  return diagnosis;
}

/** The net of the checkpoint before the one diagnosed, or else of the one after it. */
async function otherCheckpoint({ run, experiment, checkpoint }: Subject, dataset: Dataset) {
  if (!run) return undefined;
  const { chooseCheckpoint, loadNet } = await import('../train/evaluate.ts');
  const { checkpointedEpochs } = await import('../train/checkpoints.ts');
  const chosen = await chooseCheckpoint(run, experiment, checkpoint);
  const epochs = await checkpointedEpochs(run);
  const other = epochs.findLast((epoch) => epoch < chosen) ?? epochs.find((epoch) => epoch > chosen);
  return other === undefined ? undefined : loadNet(run, experiment, other, dataset);
}

/** What the run wrote down when it attacked the net of this checkpoint; undefined where it did not. */
async function recordOf({ run, experiment, checkpoint }: Subject): Promise<CurveRecord | undefined> {
  if (!run || !experiment.robustness) return undefined;
  const { chooseCheckpoint } = await import('../train/evaluate.ts');
  const { checkpointName } = await import('../train/checkpoints.ts');
  const epoch = await chooseCheckpoint(run, experiment, checkpoint);
  const file = join(run, 'curves', `${checkpointName(epoch)}.json`);
  if (!existsSync(file)) return undefined;
  const { curves, worst } = JSON.parse(await readFile(file, 'utf8'));
  return { curves, worst, attacks: experiment.robustness.attacks };
}

/** Says on a terminal which check is under way, in one line. */
function progressOn(stream: NodeJS.WriteStream) {
  const line = (text: string) => {
    if (stream.isTTY) stream.write(`\r\x1b[K${text}`);
  };
  return { show: (name: string) => line(`checking: ${name}`), clear: () => line('') };
}

async function write(
  diagnosis: Diagnosis,
  { run, file, checkpoint, experiment }: Subject,
  { split }: Arguments,
) {
  const { writeDiagnosis } = await import('./diagnosis-files.ts');
  const named = run ? [split, checkpoint] : ['diagnosis', split];
  return writeDiagnosis(diagnosis, {
    directory: run ? join(run, 'diagnoses') : dirname(file as string),
    name: [...named, ...normBeside(experiment, diagnosis.norm)].join('-'),
    ...(run && { run }),
  });
}
