import { dirname, join, relative } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import type { ComparedSplit, ComparedTable } from '../report/compare/compare.ts';
import { findComparedRuns } from './find-runs.ts';
import { parseNumber } from './numbers.ts';
import { directoryOption } from './options.ts';
import { COMMANDS } from './overview.ts';

interface Arguments {
  readonly runs: string[];
  readonly split: ComparedSplit | undefined;
  readonly epsilon: string | undefined;
  readonly similarity: string | undefined;
  readonly output: string | undefined;
  readonly write: string | undefined;
  readonly directory: string;
}

export const compareCommand: CommandModule<object, Arguments> = {
  ...COMMANDS.compare,
  builder: (parser) =>
    parser
      .positional('runs', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Runs, or experiments (of each net and seed the run with the most epochs)',
      })
      .options({
        split: {
          choices: ['test', 'validation'],
          describe: 'By default test, where every run was evaluated on it',
        },
        epsilon: {
          type: 'string',
          describe: 'At which attacks are compared, such as 4/255; the middle one that all have by default',
        },
        similarity: {
          type: 'string',
          describe:
            'Such as 0.97: each attack at the largest epsilon that keeps this mean structural similarity',
        },
        output: {
          type: 'string',
          alias: 'out',
          describe: 'A directory for compare.md, .tex and .csv, and the plane generalisation × robustness',
        },
        write: {
          type: 'string',
          describe:
            'A Markdown file whose part between <!-- compare:results --> and <!-- /compare:results --> is replaced; file.md#name for the part of another name. The plane is put beside it',
        },
        ...directoryOption,
      })
      .example('$0 compare demo isic-inceptionV3', 'two nets')
      .example(
        '$0 compare demo --write experiments/README.md',
        'into a document',
      ) as unknown as Argv<Arguments>,
  async handler({ runs: names, split, epsilon, similarity: kept, output, write, directory }) {
    const at = epsilon === undefined ? undefined : parseNumber(epsilon, '--epsilon');
    const similarity = kept === undefined ? undefined : parseNumber(kept, '--similarity');
    const runs = await findComparedRuns(directory, names);
    const { readComparison } = await import('../train/report/comparison.ts');
    const { formatMarkdown } = await import('../report/compare/formats.ts');
    const table = await readComparison(runs, {
      ...(split && { split }),
      ...(at !== undefined && { epsilon: at }),
      ...(similarity !== undefined && { similarity }),
    });
    process.stdout.write(formatMarkdown(table));
    const words = [
      ...names,
      ...(split === undefined ? [] : ['--split', split]),
      ...(epsilon === undefined ? [] : ['--epsilon', epsilon]),
      ...(kept === undefined ? [] : ['--similarity', kept]),
    ];
    const written = [
      ...(output === undefined ? [] : await writeFiles(output, table)),
      ...(write === undefined ? [] : await writePart(write, table, words)),
    ];
    const listed = written.map((path) => relative(process.cwd(), path)).join(', ');
    if (listed) process.stdout.write(`\nWritten: ${listed}\n`);
  },
};

async function writeFiles(directory: string, table: ComparedTable): Promise<string[]> {
  const { formatCsv, formatLatex, formatMarkdown } = await import('../report/compare/formats.ts');
  const { drawPlanePng, drawPlaneSvg, planeOf } = await import('../report/compare/plane.ts');
  const { makeDirectory, orRunError, replaceFile } = await import('../train/files.ts');
  const plane = planeOf(table);
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'compare.md': formatMarkdown(table),
    'compare.tex': formatLatex(table),
    'compare.csv': formatCsv(table),
    ...(plane && { 'plane.svg': drawPlaneSvg(plane), 'plane.png': await drawPlanePng(plane) }),
  };
  await orRunError('Cannot write the comparison', async () => {
    await makeDirectory(directory);
    for (const [name, content] of Object.entries(files)) await replaceFile(join(directory, name), content);
  });
  return Object.keys(files).map((name) => join(directory, name));
}

/** The table, and the plane as a picture beside the document. */
async function writePart(target: string, table: ComparedTable, words: readonly string[]): Promise<string[]> {
  const { escapeMarkdown, formatMarkdown } = await import('../report/compare/formats.ts');
  const { describePlane, drawPlanePng, planeOf } = await import('../report/compare/plane.ts');
  const { orRunError, replaceFile } = await import('../train/files.ts');
  const { replacePart } = await import('./document-part.ts');
  const [file = '', part = 'results'] = target.split('#');
  const plane = planeOf(table);
  const picture = `plane-${part}.png`;
  const shown = plane ? `\n![${escapeMarkdown(describePlane(plane))}](${picture})\n` : '';
  const command = ['medrobust compare', ...words, '--write', target].join(' ');
  await replacePart(file, part, `${formatMarkdown(table)}${shown}\nWritten by \`${command}\`.\n`);
  if (!plane) return [file];
  const path = join(dirname(file), picture);
  await orRunError(`Cannot write ${path}`, async () => replaceFile(path, await drawPlanePng(plane)));
  return [file, path];
}
