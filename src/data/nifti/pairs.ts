// Which volume belongs to which label map: by file name in two folders, or by the rows of a table.

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { foreignVolumes, listFiles, patientFrom, refuseForeign } from '../files.ts';
import { pairNames } from '../pair-names.ts';
import { readTable, requireColumn } from '../table.ts';
import { volumeEndings } from './volume.ts';

export interface VolumePair {
  /** The path of the image without its ending; unique. */
  readonly id: string;
  readonly patient: string;
  readonly image: string;
  readonly mask: string;
}

const owner = 'niftiSlices';

function withoutEnding(file: string): string {
  const ending = volumeEndings.filter((end) => file.toLowerCase().endsWith(end)).at(-1) ?? '';
  return file.slice(0, file.length - ending.length);
}

async function listVolumes(owner: string, option: string, directory: string): Promise<string[]> {
  const names = await listFiles(owner, option, directory);
  const volumes = names.filter((name) => volumeEndings.some((end) => name.toLowerCase().endsWith(end)));
  refuseForeign(directory, names, volumes, foreignVolumes);
  if (volumes.length > 0) return volumes;
  throw new UsageError(`There is no volume in ${directory}. Expected ${volumeEndings.join(', ')}.`);
}

const kinds = {
  owner,
  image: 'volume',
  mask: 'label map',
  ending: '.nii.gz',
  list: listVolumes,
  withoutEnding,
};

/** `a/x.nii.gz` of `images` with `a/x<maskSuffix>` of `masks`, whatever the ending. */
export async function pairByName(
  images: string,
  masks: string,
  maskSuffix: string,
  patientPattern: string,
): Promise<VolumePair[]> {
  const patientOf = patientFrom(owner, patientPattern);
  const pairs = await pairNames(kinds, images, masks, maskSuffix);
  return pairs.map(({ id, file, image, mask }) => ({ id, patient: patientOf(file, id), image, mask }));
}

/** One pair a row, paths from the folder of the table. */
export async function pairByTable(
  csv: string,
  imageColumn: string,
  maskColumn: string,
  patientColumn: string,
): Promise<VolumePair[]> {
  const table = await readTable(owner, 'csv', csv);
  requireColumn(owner, 'imageColumn', table, imageColumn);
  requireColumn(owner, 'maskColumn', table, maskColumn);
  if (patientColumn !== '') requireColumn(owner, 'patientColumn', table, patientColumn);
  const seen = new Map<string, string>();
  return table.rows.map(({ place, cells }) => {
    const fileIn = (column: string) => {
      const name = cells.get(column) as string;
      const file = resolve(dirname(csv), name);
      if (name !== '' && existsSync(file)) return file;
      throw new UsageError(
        `${place}: there is no file "${name}" (column "${column}"). Paths are from the table's folder.`,
      );
    };
    const [image, mask] = [fileIn(imageColumn), fileIn(maskColumn)];
    const id = withoutEnding(cells.get(imageColumn) as string);
    const before = seen.get(id);
    if (before !== undefined)
      throw new UsageError(`${place}: the volume "${id}" stands in ${before} too. Keep one.`);
    seen.set(id, place);
    return { id, patient: (patientColumn && cells.get(patientColumn)) || id, image, mask };
  });
}
