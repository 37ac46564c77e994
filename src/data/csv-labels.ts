// What the columns of a table say of an image.

import { listChoices, UsageError } from '../errors.ts';
import { type Row, requireColumn, type Table } from './table.ts';

/** The classes of a table, and what a row says of them. */
export interface Labels {
  readonly classes: readonly string[];
  labelOf(row: Row): number;
}

/** Columns of 0 and 1, one of which is 1; with `otherClass`, or none. */
export function oneHot(table: Table, columns: readonly string[], otherClass: string): Labels {
  if (columns.length === 0) {
    throw new UsageError(
      `imageCsv: ${table.file} has the columns ${table.columns.join(', ')}. ` +
        'Set "labelColumn" to the one that names the class, or "classes" to those that hold 1 for their class.',
    );
  }
  for (const column of columns) requireColumn('imageCsv', 'classes', table, column);
  const labelOf = (row: Row) => {
    const values = columns.map((column) => {
      const text = row.cells.get(column) as string;
      if (text !== '' && (Number(text) === 0 || Number(text) === 1)) return Number(text);
      throw new UsageError(`${row.place}: expected 0 or 1 in column "${column}", received "${text}".`);
    });
    const set = columns.filter((_, i) => values[i] === 1);
    if (set.length === 1) return values.indexOf(1);
    if (set.length === 0 && otherClass !== '') return columns.length;
    throw new UsageError(
      `${row.place}: expected 1 in one of the columns ${listChoices(columns)}, found it in ` +
        (set.length
          ? `${set.join(', ')}.`
          : 'none. If that is a class of its own, name it with "otherClass".'),
    );
  };
  return { classes: otherClass === '' ? columns : [...columns, otherClass], labelOf };
}

/** A column that names the class. */
export function named(table: Table, column: string, given: readonly string[]): Labels {
  requireColumn('imageCsv', 'labelColumn', table, column);
  const found = [...new Set(table.rows.map((row) => row.cells.get(column) as string))].sort();
  const classes = given.length ? given : found.filter((name) => name !== '');
  const labelOf = (row: Row) => {
    const name = row.cells.get(column) as string;
    const label = classes.indexOf(name);
    if (label >= 0) return label;
    throw new UsageError(
      `${row.place}: expected ${listChoices(classes)} in column "${column}", received "${name}".`,
    );
  };
  return { classes, labelOf };
}

/** What an empty cell says: that nobody looked, or that it is not there. */
export type Blank = 'unknown' | 'absent';

/**
 * Columns that are each 1 where their class is there and 0 where it is not; −1, for uncertain, is not known, and an empty cell
 * is what `blank` says. Irvin et al. 2019, CheXpert, arXiv:1901.07031, section 3.1, names the strategies: this is U-Ignore.
 */
export function several(
  table: Table,
  columns: readonly string[],
  blank: Blank,
): { readonly classes: readonly string[]; labelsOf(row: Row): number[] } {
  if (columns.length === 0) {
    throw new UsageError(
      `imageCsv: ${table.file} has the columns ${table.columns.join(', ')}. Name in "classes" those that are labels.`,
    );
  }
  for (const column of columns) requireColumn('imageCsv', 'classes', table, column);
  const labelsOf = (row: Row) =>
    columns.map((column) => {
      const text = row.cells.get(column) as string;
      if (text === '') return blank === 'unknown' ? -1 : 0;
      const value = Number(text);
      if (value === 0 || value === 1 || value === -1) return value;
      throw new UsageError(
        `${row.place}: expected 1, 0, −1 for uncertain, or nothing in column "${column}", received "${text}".`,
      );
    });
  return { classes: columns, labelsOf };
}
