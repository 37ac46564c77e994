import { dirname, join, relative, resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { findRuns } from './find-runs.ts';
import { directoryOption } from './options.ts';
import { COMMANDS } from './overview.ts';

interface Arguments {
  readonly runs: string[];
  readonly output: string | undefined;
  readonly directory: string;
}

export const reportCommand: CommandModule<object, Arguments> = {
  ...COMMANDS.report,
  builder: (parser) =>
    parser
      .positional('runs', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Runs, or experiments (their newest run)',
      })
      .options({
        output: {
          type: 'string',
          alias: 'out',
          describe: 'The file; report.html in the run by default, of several runs in the working directory',
        },
        ...directoryOption,
      })
      .example('$0 report demo', 'the newest run of an experiment')
      .example(
        '$0 report demo isic-inceptionV3 --output both.html',
        'two beside each other',
      ) as unknown as Argv<Arguments>,
  async handler({ runs: names, output, directory }) {
    const runs = await findRuns(directory, names);
    const [only] = runs;
    const file = resolve(output ?? (runs.length === 1 && only ? join(only, 'report.html') : 'report.html'));
    const { readPage } = await import('../train/report/page-data.ts');
    const { renderPage } = await import('../report/page/page.ts');
    const { makeDirectory, orRunError, replaceFile } = await import('../train/files.ts');
    const html = await renderPage(await readPage(runs));
    await orRunError('Cannot write the report', async () => {
      await makeDirectory(dirname(file));
      await replaceFile(file, html);
    });
    process.stdout.write(`Written: ${relative(process.cwd(), file)}\n`);
  },
};
