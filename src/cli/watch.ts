import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../errors.ts';
import { findRuns } from './find-runs.ts';
import { directoryOption } from './options.ts';
import { COMMANDS } from './overview.ts';

interface Arguments {
  readonly runs: string[];
  readonly port: string;
  readonly directory: string;
}

export const watchCommand: CommandModule<object, Arguments> = {
  ...COMMANDS.watch,
  builder: (parser) =>
    parser
      .positional('runs', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'A run, or an experiment (its newest run); several beside each other',
      })
      .options({
        port: { type: 'string', default: '0', describe: 'Of this machine; 0 takes any that is free' },
        ...directoryOption,
      })
      .example('$0 watch demo', 'prints the address to open') as unknown as Argv<Arguments>,
  async handler({ runs: names, port, directory }) {
    const number = parsePort(port);
    const runs = await findRuns(directory, names);
    const { servePage } = await import('./page-server.ts');
    const server = await servePage(await shownOf(runs), number);
    const interrupted = untilInterrupted();
    process.stdout.write(
      `${server.url} shows ${runs.length === 1 ? 'the run' : 'the runs'} as epochs end. Ctrl-C ends it.\n`,
    );
    process.exitCode = await interrupted;
    await server.close();
  },
};

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new UsageError(`--port: expected a number from 0 to 65535, received "${text}".`);
}

async function shownOf(runs: readonly string[]) {
  const { readPage } = await import('../train/report/page-data.ts');
  const { versionOf } = await import('../train/report/version.ts');
  const { renderPage } = await import('../report/page/page.ts');
  return {
    version: () => versionOf(runs),
    data: async () => JSON.stringify(await readPage(runs)),
    page: async () => renderPage(await readPage(runs), { live: true }),
  };
}

/** The exit code of the signal that ends it. */
function untilInterrupted(): Promise<130 | 143> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve(130));
    process.once('SIGTERM', () => resolve(143));
  });
}
