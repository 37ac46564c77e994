// Files of two folders that belong together by name.

import { join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';

export interface NamedPair {
  /** The path of the image without its ending; unique. */
  readonly id: string;
  /** The path of the image from its folder. */
  readonly file: string;
  readonly image: string;
  readonly mask: string;
}

/** What the files are, and how they are called. */
export interface Kinds {
  readonly owner: string;
  readonly image: string;
  readonly mask: string;
  /** The usual ending of a mask. */
  readonly ending: string;
  list(owner: string, option: string, directory: string): Promise<string[]>;
  withoutEnding(file: string): string;
}

/** `a/x.jpg` of `images` with `a/x<suffix>` of `masks`, whatever the endings. What is missing, or stands twice, is a `UsageError`. */
export async function pairNames(
  { owner, image, mask, ending, list, withoutEnding }: Kinds,
  images: string,
  masks: string,
  suffix: string,
): Promise<NamedPair[]> {
  let imageFiles = await list(owner, 'images', images);
  const masksOf = new Map<string, string[]>();
  for (const file of await list(owner, 'masks', masks)) {
    const name = withoutEnding(file);
    masksOf.set(name, [...(masksOf.get(name) ?? []), file]);
  }
  if (resolve(images) === resolve(masks)) {
    const apart = `an ending, as ${image}s and ${mask}s share a folder`;
    requireOption(owner, 'maskSuffix', suffix !== '', apart, suffix);
    imageFiles = imageFiles.filter((file) => !withoutEnding(file).endsWith(suffix));
  }
  requireUnique(owner, images, imageFiles, withoutEnding);
  return imageFiles.map((file) => {
    const id = withoutEnding(file);
    const found = masksOf.get(`${id}${suffix}`) ?? [];
    if (found.length === 0) {
      throw new UsageError(
        `${owner}: the ${image} ${join(images, file)} has no ${mask}. Expected ${join(masks, `${id}${suffix}${ending}`)}; ` +
          `add it, remove the ${image}, or correct "maskSuffix".`,
      );
    }
    requireUnique(owner, masks, found, withoutEnding);
    return { id, file, image: join(images, file), mask: join(masks, found[0] as string) };
  });
}

/** Refuses two files of one name. */
export function requireUnique(
  owner: string,
  directory: string,
  files: readonly string[],
  nameOf: (file: string) => string,
): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    const another = seen.get(nameOf(file));
    if (another !== undefined) {
      throw new UsageError(`${owner}: ${another} and ${file} in ${directory} are of one name. Remove one.`);
    }
    seen.set(nameOf(file), file);
  }
}
