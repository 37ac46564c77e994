import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import { type Blank, named, oneHot, several } from './csv-labels.ts';
import { type Dataset, defineDataset, type SampleInfo } from './dataset.ts';
import { dicomPatient } from './dicom/patient.ts';
import { listImages, patientFrom, withoutExtension } from './files.ts';
import { decodeImage, imageDefaults, imageTarget } from './image-file.ts';
import { type Row, readTable, requireColumn, type Table } from './table.ts';

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
    const candidates = found.get(id) ?? new Set<string>();
    if (candidates.has(id)) return id;
    const [file, another] = candidates;
    if (file === undefined) {
      throw new UsageError(
        `${row.place}: there is no image "${id}" in ${directory}. Add it, or remove the line.`,
      );
    }
    if (another === undefined) return file;
    throw new UsageError(
      `${row.place}: the id "${id}" may be ${file} or ${another} in ${directory}. ` +
        'Remove one, or set "images" to the folder meant.',
    );
  };
}

interface LabelOptions {
  readonly labelColumn: string;
  readonly classes: readonly string[];
  readonly otherClass: string;
  readonly multiLabel: boolean;
  readonly blank: string;
}

function labelsIn(
  table: Table,
  { labelColumn, classes: given, otherClass, multiLabel, blank }: LabelOptions,
) {
  if (multiLabel) {
    const { classes, labelsOf } = several(table, given, blank as Blank);
    return {
      classes,
      ofRow: (row: Row): Pick<SampleInfo, 'label' | 'labels'> => ({ labels: labelsOf(row) }),
    };
  }
  const { classes, labelOf } =
    labelColumn === '' ? oneHot(table, given, otherClass) : named(table, labelColumn, given);
  return { classes, ofRow: (row: Row): Pick<SampleInfo, 'label' | 'labels'> => ({ label: labelOf(row) }) };
}

/**
 * Images whose classes stand in a CSV or TSV file, as in ISIC, HAM10000 and CheXpert; for classification.
 *
 * Either `labelColumn` names the class (HAM10000: `dx`), or each of `classes` is a column that holds
 * 1 for its own images; with `multiLabel` an image may have any number of them. Rows, files, labels and ids are checked when
 * the data are opened: each mistake is a `UsageError` with file and line.
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
    /** Each of `classes` is there or not, whatever the others are: 1, 0, and −1 where that is uncertain, which counts nowhere. */
    multiLabel: false,
    /** What an empty cell says with `multiLabel`: `unknown`, as −1 does, or `absent`, as 0 does. */
    blank: 'unknown',
    /**
     * Patient or lesion, kept on one side of a split; an empty cell makes the image its own patient. By default the
     * Patient ID of DICOM, and each other image is one.
     */
    patientColumn: '',
    /** In the place of a column: a pattern with one group, the patient in the id, such as `(patient\d+)` in CheXpert's paths. */
    patientPattern: '',
    ...imageDefaults,
  },
  async open(options) {
    const { csv, images, idColumn, labelColumn, otherClass, multiLabel, blank } = options;
    // Words of a command that are numbers come as such.
    const names = options.classes.map(String);
    const { patientColumn, patientPattern } = options;
    const target = imageTarget('imageCsv', options);
    requireOption('imageCsv', 'blank', ['unknown', 'absent'].includes(blank), 'unknown or absent', blank);
    if (multiLabel && (labelColumn !== '' || otherClass !== '')) {
      throw new UsageError(
        'imageCsv: with "multiLabel" each of "classes" is a column; leave out "labelColumn" and "otherClass".',
      );
    }
    if (labelColumn !== '' && otherClass !== '') {
      throw new UsageError('imageCsv: "otherClass" belongs to columns of 0 and 1; leave out "labelColumn".');
    }
    if (patientColumn !== '' && patientPattern !== '')
      throw new UsageError('imageCsv: set one of "patientColumn" and "patientPattern".');
    const patientIn = patientFrom('imageCsv', patientPattern, (id) => id);
    const table = await readTable('imageCsv', 'csv', csv);
    requireColumn('imageCsv', 'idColumn', table, idColumn);
    if (patientColumn !== '') requireColumn('imageCsv', 'patientColumn', table, patientColumn);
    const { classes, ofRow } = labelsIn(table, { ...options, classes: names });
    const directory = images === '' ? dirname(csv) : images;
    const fileOf = imageFinder(directory, await listImages('imageCsv', 'images', directory));
    const seen = new Map<string, string>();
    const samples: (SampleInfo & { readonly file: string })[] = [];
    for (const row of table.rows) {
      const id = row.cells.get(idColumn) as string;
      const file = join(directory, fileOf(id, row));
      // A file of two ids would be two patients.
      for (const [what, key] of [
        ['id', id],
        ['image', file],
      ] as const) {
        const before = seen.get(`${what} ${key}`);
        if (before !== undefined)
          throw new UsageError(`${row.place}: the ${what} "${key}" stands in ${before} too. Keep one.`);
        seen.set(`${what} ${key}`, row.place);
      }
      const patient = patientColumn === '' ? undefined : row.cells.get(patientColumn);
      const found = patientPattern === '' ? (patient ?? (await dicomPatient(file))) : patientIn(id, id);
      samples.push({ id, patient: found || id, ...ofRow(row), file });
    }
    const dataset: Dataset = {
      name: withoutExtension(basename(resolve(csv))),
      task: multiLabel ? 'multilabel' : 'classification',
      imageShape: target.imageShape,
      classes,
      samples: samples.map(({ file, ...info }) => info),
      tables: [csv],
      filesOf: (index) => [(samples[index] as (typeof samples)[number]).file],
      async read(index) {
        const { id, label, labels = [], file } = samples[index] as (typeof samples)[number];
        const { pixels } = await decodeImage(file, target);
        return { id, pixels, label: label ?? Int32Array.from(labels) };
      },
    };
    return dataset;
  },
});
