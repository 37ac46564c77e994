// Where the images of a data set lie.

import { type Dirent, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, UsageError } from '../errors.ts';
import { kindOfFile } from './file-kind.ts';

/** Names that are taken at their word; other files are looked into. */
const extensions = [
  '.jpg',
  '.jpeg',
  '.png',
  '.tif',
  '.tiff',
  '.webp',
  '.gif',
  '.dcm',
  '.npy',
  '.nii',
  '.nii.gz',
  '.hdr.gz',
];

/** Volumes that cannot be read. */
export const foreignVolumes = ['.mha', '.mhd', '.nrrd', '.nhdr', '.mgh', '.mgz'];
/** Images that cannot be read. */
const foreign = [...foreignVolumes, '.bmp', '.jp2', '.j2k', '.heic', '.heif', '.avif', '.pgm', '.ppm'];

/** Refuses files of `endings`, which would be missing without a word, but for those that a file of `taken` stands for. */
export function refuseForeign(
  directory: string,
  names: readonly string[],
  taken: readonly string[],
  endings: readonly string[],
): void {
  const known = new Set(taken.map(withoutExtension));
  const left = names.filter(
    (name) =>
      endings.some((ending) => name.toLowerCase().endsWith(ending)) && !known.has(withoutExtension(name)),
  );
  if (left.length === 0) return;
  throw new UsageError(
    `${left.length === 1 ? 'One file' : `${left.length} files`} in ${directory} cannot be read, such as ${left[0]}. ` +
      'Convert them, for example to PNG or NIfTI, or put them elsewhere.',
  );
}

function explain(owner: string, option: string, directory: string, error: unknown): UsageError {
  if (directory === '') return new UsageError(`Option "${option}" of ${owner}: expected a folder. Set it.`);
  const code = (error as NodeJS.ErrnoException).code;
  const reason = code === 'ENOENT' ? 'there is none' : code === 'ENOTDIR' ? 'it is a file' : messageOf(error);
  return new UsageError(`Option "${option}" of ${owner}: expected a folder at ${directory}, but ${reason}.`);
}

/** The part of a file name before its extension, folders included. Digits alone are none: `1.2.840.7` is a UID. */
export function withoutExtension(name: string): string {
  return name.replace(/(\.(nii|hdr)\.gz|\.(?!\d+$)[^./]*)$/i, '');
}

/** Sub-folders of a folder, sorted; links to folders are taken, hidden ones are not. */
export async function listFolders(owner: string, option: string, directory: string): Promise<string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    throw explain(owner, option, directory, error);
  }
  const isFolder = (entry: Dirent) =>
    entry.isSymbolicLink()
      ? statSync(join(directory, entry.name), { throwIfNoEntry: false })?.isDirectory()
      : entry.isDirectory();
  return entries
    .filter((entry) => isFolder(entry) && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

/** Files below a folder, as sorted paths from it with `/`; hidden ones are left out. */
export async function listFiles(owner: string, option: string, directory: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(directory, { recursive: true });
  } catch (error) {
    throw explain(owner, option, directory, error);
  }
  names = names.map((name) => name.replaceAll('\\', '/'));
  // A folder may be called as a file is, such as `series.dcm`.
  const folders = new Set(names.map(dirname));
  return names
    .filter((name) => !folders.has(name) && name.split('/').every((part) => !part.startsWith('.')))
    .sort();
}

/**
 * Image files below a folder, as `listFiles` lists them: those of known extensions, and others that are images by
 * content, such as DICOM without an extension. A folder without any, or with images of a kind that cannot be read, is a
 * `UsageError`.
 */
export async function listImages(owner: string, option: string, directory: string): Promise<string[]> {
  const named = (name: string) => extensions.some((extension) => name.toLowerCase().endsWith(extension));
  const images: string[] = [];
  const names = await listFiles(owner, option, directory);
  for (const name of names) {
    if (named(name) || (await kindOfFile(join(directory, name))) !== undefined) images.push(name);
  }
  refuseForeign(directory, names, images, foreign);
  if (images.length === 0) {
    throw new UsageError(
      `There is no image in ${directory}. Expected ${extensions.join(', ')}, or DICOM of any name.`,
    );
  }
  return images;
}

/**
 * The patient of a file: what the one capture group of `pattern` matches in its name without folders, or in what `nameOf`
 * gives.
 *
 * An empty pattern makes each file its own patient, `id`. A file that does not match is a
 * `UsageError`, since one left out could put a patient on both sides of a split.
 */
export function patientFrom(
  owner: string,
  pattern: string,
  nameOf: (file: string) => string = basename,
): (file: string, id: string) => string {
  if (pattern === '') return (_, id) => id;
  const expression = compile(owner, pattern);
  return (file) => {
    const patient = expression.exec(nameOf(file))?.[1];
    if (patient === undefined) {
      throw new UsageError(
        `Option "patientPattern" of ${owner}: ${pattern} does not match the file ${file}. ` +
          'Every file needs a patient; extend the pattern.',
      );
    }
    return patient;
  };
}

function compile(owner: string, pattern: string): RegExp {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern);
  } catch (error) {
    throw new UsageError(`Option "patientPattern" of ${owner}: ${messageOf(error)}.`);
  }
  const groups = (new RegExp(`${pattern}|`).exec('')?.length ?? 1) - 1;
  if (groups !== 1) {
    throw new UsageError(
      `Option "patientPattern" of ${owner}: expected one capture group, received ${pattern} with ${groups}. ` +
        'Put ( ) around the patient, (?: ) around other groups.',
    );
  }
  return expression;
}
