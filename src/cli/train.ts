import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../errors.ts';
import type { EpochRecord } from '../train/callback.ts';
import type { Trained, TrainOptions } from '../train/train.ts';
import { calledAs } from './called.ts';
import { chooseExperiment } from './choose-experiment.ts';
import { findRun } from './find-run.ts';
import { listenForInterrupt } from './interrupt.ts';
import {
  directoryOption,
  type EngineArguments,
  engineOptions,
  parseCount,
  parseEngine,
  setOption,
  workersOption,
} from './options.ts';
import { COMMANDS } from './overview.ts';
import { parseRepeats, type RepeatArguments, repeatOptions, trainRepeats } from './train-repeats.ts';

interface Arguments extends EngineArguments, RepeatArguments {
  readonly experiment: string | undefined;
  readonly set: string[];
  readonly resume: string | undefined;
  readonly workers: string | undefined;
  readonly directory: string;
}

export const trainCommand: CommandModule<object, Arguments> = {
  ...COMMANDS.train,
  builder: (parser) =>
    parser
      .positional('experiment', {
        type: 'string',
        describe: 'A name in experiments/, or the path of a .ts or .js file',
      })
      .options({
        ...setOption,
        resume: {
          type: 'string',
          describe: 'Go on with a run: the latest of the experiment, or the one named',
        },
        ...repeatOptions,
        ...engineOptions,
        ...workersOption,
        ...directoryOption,
      })
      .example('$0 train demo', 'as it is')
      .example('$0 train demo --set epochs=3 --set net.depth=34', 'with changes')
      .example('$0 train demo --set robustness.epsilons=0,2/255,8/255', 'fractions are numbers')
      .example('$0 train demo --resume', 'go on after Ctrl-C or a crash')
      .example(
        '$0 train demo --seeds 1,2,3',
        'three runs; again, what is left of them',
      ) as unknown as Argv<Arguments>,
  async handler(parsed) {
    const engine = parseEngine(parsed);
    const workers = parseCount(parsed.workers, '--workers', 0);
    const repeats = parseRepeats(parsed);
    if (repeats && parsed.resume !== undefined)
      throw new UsageError('--seeds and --folds go on with runs by themselves. Leave --resume out.');
    const interrupt = listenForInterrupt((line) => process.stderr.write(`\n${line}\n`));
    try {
      const { progress } = await import('../train/callbacks/progress.ts');
      const options = {
        directory: parsed.directory,
        callbacks: [progress(process.stdout)],
        signal: interrupt.signal,
        onWarning: (message: string) => process.stderr.write(`warning: ${message}\n`),
        ...engine,
        ...(workers !== undefined && { workers }),
      };
      const end = async (trained: Trained) => {
        trained.net.model.dispose();
        await report(trained, parsed);
        const interrupted = trained.stopped === 'interrupted';
        if (interrupted) process.exitCode = interrupt.exitCode;
        return !interrupted;
      };
      if (repeats) await trainRepeats(named(parsed), repeats, options, end);
      else await end(await (parsed.resume === undefined ? start(parsed, options) : goOn(parsed, options)));
    } finally {
      interrupt.release();
    }
  },
};

function named({ experiment, set }: Arguments) {
  if (experiment !== undefined) return { experiment, set };
  throw new UsageError(
    'Expected an experiment: medrobust train demo. "medrobust list experiments" shows all.',
  );
}

async function start(parsed: Arguments, options: TrainOptions): Promise<Trained> {
  const { experiment: name, set } = named(parsed);
  const experiment = await chooseExperiment(name, set);
  const { train } = await import('../train/train.ts');
  return train(experiment, options);
}

async function goOn(
  { experiment, resume: run, set, directory }: Arguments,
  options: TrainOptions,
): Promise<Trained> {
  if (set.length > 0)
    throw new UsageError('--set: a run is resumed as it was started. Leave --set or --resume out.');
  if (run && experiment !== undefined)
    throw new UsageError(
      `--resume ${run}: names the run to go on with. Leave "${experiment}" or "${run}" out.`,
    );
  const named = run || (experiment && (await nameOf(experiment)));
  if (!named)
    throw new UsageError('--resume: expected a run or an experiment: medrobust train demo --resume.');
  const { resume } = await import('../train/train.ts');
  const { readRecords } = await import('../train/run-directory.ts');
  const path = await findRun(directory, named);
  const before = (await readRecords(path)).length;
  const trained = await resume(path, options);
  if (before > 0 && trained.records.length === before && trained.stopped !== 'interrupted') {
    process.stdout.write(
      `Nothing was left to do: it has its ${epochs(trained.records)}. A run goes on as it was started; for more epochs start another.\n`,
    );
  }
  return trained;
}

/** Runs are kept under the name within the experiment, which a file may give another name than its own. */
async function nameOf(experiment: string): Promise<string> {
  const { loadExperiment } = await import('./experiment-file.ts');
  return (await loadExperiment(experiment)).name;
}

async function report(trained: Trained, { directory }: Arguments): Promise<void> {
  const { path, records, stopped } = trained;
  const run = relative(process.cwd(), path) || '.';
  const say = (line: string) => process.stdout.write(`${line}\n`);
  if (stopped === 'interrupted') {
    const command = calledAs(`train --resume ${run}`);
    say(`Interrupted after ${epochs(records)}; what was done is saved. Go on with: ${command}`);
    return;
  }
  if (stopped !== undefined) say(`Stopped early: ${stopped}.`);
  say(`Done: ${epochs(records)} in ${run}`);
  for (const [what, where] of await results(trained, run)) say(`  ${`${what}:`.padEnd(20)}${where}`);
  say('Next:');
  for (const command of [`evaluate ${run} --split test`, `report ${run}`]) say(`  ${calledAs(command)}`);
  say(`  tensorboard --logdir ${directory}`);
}

/** Where the files of a finished run are. */
async function results({ experiment, records, path }: Trained, run: string): Promise<[string, string][]> {
  const { bestEpoch, bestMeasurement, nameOfMeasure, valueOfMeasure } = await import(
    '../train/measurements.ts'
  );
  const { checkpointName } = await import('../train/checkpoints.ts');
  const best = bestMeasurement(experiment);
  const epoch = bestEpoch(records, best);
  const record = records.find((one) => one.epoch === epoch);
  const value = record && valueOfMeasure(record.measurements, best.measurement);
  const found: [string, string][] = [];
  if (epoch !== undefined && value !== undefined) {
    const why = `${nameOfMeasure(best.measurement)} ${value.toFixed(4)}`;
    found.push(['best checkpoint', `${run}/${checkpointName(epoch)} (${why})`]);
  }
  const attacked = records.findLast(({ measurements }) =>
    Object.keys(measurements).some((name) => name.startsWith('robustness/')),
  );
  if (attacked) {
    const picture = `${run}/images/${checkpointName(attacked.epoch)}`;
    found.push(['robustness curves', `${picture}-curves.png`]);
    // With a budget they are drawn after the last epoch alone.
    if (existsSync(join(path, 'images', `${checkpointName(attacked.epoch)}-examples.png`)))
      found.push(['attacked images', `${picture}-examples.png`]);
  }
  return [...found, ['measurements', `${run}/metrics.jsonl`], ['TensorBoard files', run]];
}

function epochs({ length }: readonly EpochRecord[]): string {
  return length === 1 ? '1 epoch' : `${length} epochs`;
}
