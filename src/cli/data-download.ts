import { join } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../errors.ts';

interface Arguments {
  readonly name: string;
  readonly to: string;
}

export const downloadCommand: CommandModule<object, Arguments> = {
  command: 'download <name>',
  describe: 'Fetch an open data set, checked by its checksum where there is one; what was cut short goes on',
  builder: (parser) =>
    parser
      .positional('name', {
        type: 'string',
        demandOption: true,
        describe:
          'isic2017, isic2018Task1, isic2018Task3, or a set of MedMNIST such as pneumoniamnist or pneumoniamnist_64',
      })
      .options({ to: { type: 'string', default: 'data', describe: 'The folder that it is put into' } })
      .example('$0 data download pneumoniamnist', '4 MB') as unknown as Argv<Arguments>,
  async handler({ name, to }) {
    const { openDatasets } = await import('../data/open-datasets.ts');
    const { downloadDataset } = await import('../data/download.ts');
    const found = Object.hasOwn(openDatasets, name) ? openDatasets[name] : undefined;
    if (!found) {
      const names = Object.keys(openDatasets).join(', ');
      throw new UsageError(`There is no data set "${name}" to download. Choose one of: ${names}.`);
    }
    const say = (line: string) => process.stdout.write(`${line}\n`);
    say(`${found.title} (${found.home})`);
    say(`Licence: ${found.licence}`);
    say(`Cite: ${found.citation}`);
    await downloadDataset(name, found, to, { onProgress: progressOn(process.stderr) });
    for (const { name: file, md5 } of found.files) {
      const unchecked = md5 === undefined;
      say(join(to, file));
      if (unchecked)
        say(`  No checksum is published: that of the first download is in ${join(to, file)}.md5.`);
    }
  },
};

/** One line that is written over, on a terminal; nothing elsewhere. */
function progressOn(stream: NodeJS.WriteStream) {
  let shown = 0;
  return ({ name }: { readonly name: string }, received: number, total: number | undefined) => {
    if (!stream.isTTY || (performance.now() - shown < 200 && received !== total)) return;
    shown = performance.now();
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
    const of = total === undefined ? '' : ` of ${megabytes(total)}`;
    stream.write(`\r\x1b[K${name}: ${megabytes(received)}${of} MB${received === total ? '\n' : ''}`);
  };
}
