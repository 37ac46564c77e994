import { basename, dirname, join, resolve } from 'node:path';
import { listChoices, UsageError } from '../errors.ts';
import { type Dataset, defineDataset, type SampleInfo } from './dataset.ts';
import { dicomPatient } from './dicom/patient.ts';
import { listImages, withoutExtension } from './files.ts';
import { decodeImage, imageDefaults, imageTarget } from './image-file.ts';
import { type Row, readTable, requireColumn, type Table } from './table.ts';

interface Labels {
  readonly classes: readonly string[];
  labelOf(row: Row): number;
}

function oneHot(table: Table, columns: readonly string[], otherClass: string): Labels {
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

function named(table: Table, column: string, given: readonly string[]): Labels {
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

/** Finds the file of an id: a path or a bare name, with or without its extension. */
function imageFinder(directory: string, files: readonly string[]): (id: string, row: Row) => string {
  const found = new Map<string, Set<string>>();
  for (const file of files) {
    const bare = basename(file);
    for (const name of [file, withoutExtension(file), bare, withoutExtension(bare)]) {
      found.set(name, (found.get(name) ?? new Set()).add(file));
    }
  }
  return (id, row) => {
    const [file, another] = found.get(id) ?? [];
    if (file === undefined) {
      throw new UsageError(
        `${row.place}: there is no image "${id}" in ${directory}. Add it, or remove the line.`,
      );
    }
    if (another === undefined || file === id) return file;
    throw new UsageError(
      `${row.place}: the id "${id}" may be ${file} or ${another} in ${directory}. ` +
        'Remove one, or set "images" to the folder meant.',
    );
  };
}

/**
 * Images whose classes stand in a CSV or TSV file, as in ISIC and HAM10000; for classification.
 *
 * Either `labelColumn` names the class (HAM10000: `dx`), or each of `classes` is a column that holds
 * 1 for its own images. Rows, files, labels and ids are checked when the data are opened: each
 * mistake is a `UsageError` with file and line.
 */
export const imageCsv = defineDataset({
  defaults: {
    csv: '',
    /** The folder of the images, searched with its sub-folders; by default the one of the CSV file. */
    images: '',
    idColumn: 'image_id',
    labelColumn: '',
    /** The order of the classes; with `labelColumn`, by default all that occur, sorted. */
    classes: [] as readonly string[],
    /** The class, after `classes`, of a row whose columns are all 0: `nevus` in ISIC 2017. */
    otherClass: '',
    /**
     * Patient or lesion, kept on one side of a split; an empty cell makes the image its own patient. By default the
     * Patient ID of DICOM, and each other image is one.
     */
    patientColumn: '',
    ...imageDefaults,
  },
  async open({ csv, images, idColumn, labelColumn, classes: given, otherClass, patientColumn, ...image }) {
    const target = imageTarget('imageCsv', image);
    if (labelColumn !== '' && otherClass !== '') {
      throw new UsageError('imageCsv: "otherClass" belongs to columns of 0 and 1; leave out "labelColumn".');
    }
    const table = await readTable('imageCsv', 'csv', csv);
    requireColumn('imageCsv', 'idColumn', table, idColumn);
    if (patientColumn !== '') requireColumn('imageCsv', 'patientColumn', table, patientColumn);
    const { classes, labelOf } =
      labelColumn === '' ? oneHot(table, given, otherClass) : named(table, labelColumn, given);
    const directory = images === '' ? dirname(csv) : images;
    const fileOf = imageFinder(directory, await listImages('imageCsv', 'images', directory));
    const seen = new Map<string, string>();
    const samples: (SampleInfo & { readonly label: number; readonly file: string })[] = [];
    for (const row of table.rows) {
      const id = row.cells.get(idColumn) as string;
      const before = seen.get(id);
      if (before !== undefined) {
        throw new UsageError(`${row.place}: the id "${id}" stands in ${before} too. Keep one.`);
      }
      seen.set(id, row.place);
      const file = join(directory, fileOf(id, row));
      const patient = patientColumn === '' ? await dicomPatient(file) : row.cells.get(patientColumn);
      samples.push({ id, patient: patient || id, label: labelOf(row), file });
    }
    const dataset: Dataset = {
      name: withoutExtension(basename(resolve(csv))),
      task: 'classification',
      imageShape: target.imageShape,
      classes,
      samples: samples.map(({ id, patient, label }) => ({ id, patient, label })),
      filesOf: (index) => [(samples[index] as (typeof samples)[number]).file],
      async read(index) {
        const { id, label, file } = samples[index] as (typeof samples)[number];
        const { pixels } = await decodeImage(file, target);
        return { id, pixels, label };
      },
    };
    return dataset;
  },
});
