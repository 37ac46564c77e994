import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../errors.ts';
import { chooseExperiment } from './choose-experiment.ts';
import { type EngineArguments, engineOptions, parseEngine, setOption } from './options.ts';
import { COMMANDS } from './overview.ts';

interface Check {
  readonly what: string;
  readonly fine: boolean;
  readonly says: string;
}

interface Arguments extends EngineArguments {
  readonly kernels: string | undefined;
  readonly set: string[];
}

export const doctorCommand: CommandModule<object, Arguments> = {
  ...COMMANDS.doctor,
  builder: (parser) =>
    parser
      .options({
        kernels: {
          type: 'string',
          describe: 'Say instead where the time of this experiment goes, kernel by kernel',
        },
        ...setOption,
        ...engineOptions,
      })
      .example('$0 doctor --kernels demo', 'which kernels take the time, and which run natively')
      .example(
        '$0 doctor --kernels demo --set net.depth=50 --threads 1',
        'with changes',
      ) as unknown as Argv<Arguments>,
  async handler(parsed) {
    if (parsed.kernels !== undefined) return showKernels(parsed.kernels, parsed);
    const { set, engine, threads, precision } = parsed;
    if (set.length > 0 || [engine, threads, precision].some((given) => given !== undefined)) {
      throw new UsageError(
        'doctor: --set, --engine, --threads and --precision go with --kernels and an experiment: medrobust doctor --kernels demo.',
      );
    }
    const checks = await examine();
    for (const { what, fine, says } of checks) process.stdout.write(`${fine ? '✓' : '✗'} ${what}: ${says}\n`);
  },
};

async function showKernels(name: string, parsed: Arguments): Promise<void> {
  const options = parseEngine(parsed);
  if (name === '') {
    throw new UsageError(
      '--kernels: expected an experiment: medrobust doctor --kernels demo. "medrobust list experiments" shows all.',
    );
  }
  const experiment = await chooseExperiment(name, parsed.set);
  const { profileExperiment } = await import('../train/profile.ts');
  const profile = await profileExperiment(experiment, options);
  const { formatProfile } = await import('./kernel-table.ts');
  const [batch, ...image] = profile.images;
  process.stdout.write(
    `${experiment.name}: ${experiment.net.name} on ${profile.engine.name} (${profile.engine.description})\n` +
      `One training step, one step of an attack and one evaluation of ${batch} images [${image.join(', ')}]:\n\n` +
      `${formatProfile(profile)}`,
  );
}

async function examine(): Promise<Check[]> {
  const { probeEngines } = await import('../engine/engine.ts');
  const { version } = await import('../train/package-version.ts');
  const engines = await probeEngines();
  const first = engines.find(({ works }) => works);
  return [
    {
      what: 'medrobust',
      fine: true,
      says: `${version()}, Node ${process.version}, ${process.platform}-${process.arch}`,
    },
    ...engines.map(({ name, works, reason }) => ({
      what: name,
      fine: works,
      says: works ? 'works' : reason,
    })),
    { what: 'auto', fine: first !== undefined, says: first ? `takes ${first.name}` : 'finds no engine' },
  ];
}
