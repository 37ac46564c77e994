import { readFile } from 'node:fs/promises';
import { UsageError } from '../errors.ts';
import { orRunError, replaceFile } from '../train/files.ts';

/** Replaces what stands between the marks of a part in a Markdown file. Throws `UsageError` where they are not there. */
export async function replacePart(file: string, part: string, content: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`--write: there is no file ${file}.`);
  });
  const [begin, end] = [`<!-- compare:${part} -->`, `<!-- /compare:${part} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) {
    throw new UsageError(
      `--write: ${file} lacks the lines ${begin} and ${end}. Put both where the table should stand.`,
    );
  }
  const replaced = `${text.slice(0, from + begin.length)}\n${content}${text.slice(to)}`;
  await orRunError(`Cannot write ${file}`, () => replaceFile(file, replaced));
}
