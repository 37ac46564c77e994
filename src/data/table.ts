import { readFile } from 'node:fs/promises';
import { CsvError, type Info, parse } from 'csv-parse/sync';
import { listChoices, messageOf, UsageError } from '../errors.ts';

export interface Row {
  /** `labels.csv, line 3`: where to look when something is wrong with it. */
  readonly place: string;
  readonly cells: ReadonlyMap<string, string>;
}

/** A CSV file with a header. */
export interface Table {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** The separator is not in the file name often enough to trust it. */
function delimiterOf(text: string): string {
  const header = text.slice(0, Math.max(0, text.indexOf('\n'))) || text;
  return ['\t', ',', ';'].find((delimiter) => header.includes(delimiter)) ?? ',';
}

/** Reads CSV, TSV or semicolons, told apart by the header. What is not a table is a `UsageError`. */
export async function readTable(owner: string, option: string, file: string): Promise<Table> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const isFolder = (error as NodeJS.ErrnoException).code === 'EISDIR';
    const reason =
      file === '' ? 'Set it' : isFolder ? `${file} is a folder: name the file` : messageOf(error);
    throw new UsageError(`Option "${option}" of ${owner}: expected a table in a file. ${reason}.`);
  }
  let records: { info: Info; record: string[] }[];
  try {
    records = parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { info: Info; record: string[] }[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UsageError(`${file} is not a table: ${error.message}.`);
  }
  const columns = records[0]?.record ?? [];
  if (records.length < 2) throw new UsageError(`${file}: expected a header and rows, found no row.`);
  const repeated = columns.find((column, i) => columns.indexOf(column) !== i);
  if (repeated !== undefined) {
    throw new UsageError(`${file}: the column "${repeated}" stands twice. Rename one.`);
  }
  const rows = records.slice(1).map(({ info, record }) => ({
    place: `${file}, line ${info.lines}`,
    cells: new Map(columns.map((column, i) => [column, record[i] ?? ''])),
  }));
  return { file, columns, rows };
}

/** Throws a `UsageError` that names the columns there are. */
export function requireColumn(owner: string, option: string, table: Table, column: string): void {
  if (table.columns.includes(column)) return;
  throw new UsageError(
    `Option "${option}" of ${owner}: ${table.file} has no column "${column}". It has ${listChoices(table.columns).replace(/ or /, ' and ')}.`,
  );
}
