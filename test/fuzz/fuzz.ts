import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError, UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import type { Format } from './formats.ts';
import { mutate } from './mutate.ts';

/** Words of an engine or a library that fell over, not of a reader that refused. */
const stumbled =
  /undefined|\bnull\b|not a function|not iterable|typed array|outside the bounds|out of bounds|call stack|allocation|is not defined|\[object|unreachable|memory access|Aborted|abort\(/;

/** What is wrong with an error; undefined for one line of our own that says something. */
export function problemOf(error: unknown): string | undefined {
  if (!(error instanceof RunError || error instanceof UsageError)) {
    return `not an error of ours: ${error instanceof Error ? error.stack : String(error)}`;
  }
  if (error.message.includes('\n')) return `more than one line: ${error.message}`;
  return stumbled.test(error.message) ? `not clear: ${error.message}` : undefined;
}

export interface Case {
  readonly format: string;
  readonly seed: number;
  readonly index: number;
}

/** Reads mutation `index` of a format; the same three give the same bytes. Returns what is wrong, and what was thrown. */
export async function runCase(
  formats: Record<string, Format>,
  folder: string,
  { format, seed, index }: Case,
): Promise<{ problem: string | undefined; refused: boolean }> {
  const { seeds, readers, repair } = formats[format] as Format;
  const random = createRandom(seed, `${format}/${index}`);
  const { name, bytes } = seeds[random.integer(seeds.length)] as Format['seeds'][number];
  const file = join(folder, name);
  const mutated = mutate(bytes, random);
  await writeFile(file, repair && index % 2 ? repair(mutated) : mutated);
  return tryReaders(readers, file);
}

/** What is wrong with the errors of any reader, and whether the first refused the file. */
export async function tryReaders(readers: Format['readers'], file: string) {
  const results = await Promise.allSettled(readers.map((read) => read(file)));
  const errors = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  return {
    problem: errors.map(problemOf).find((problem) => problem),
    refused: results[0]?.status === 'rejected',
  };
}
