// Which masks belong to which image.

import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { listImages, withoutExtension } from './files.ts';
import { pairNames, requireUnique } from './pair-names.ts';

export interface MaskedImage {
  /** The path of the image without its extension; unique. */
  readonly id: string;
  readonly image: string;
  /** One, or one for each instance. */
  readonly masks: readonly string[];
}

const owner = 'imageMasks';

const kinds = {
  owner,
  image: 'image',
  mask: 'mask',
  ending: '.png',
  list: listImages,
  withoutEnding: withoutExtension,
};

/** `a/x.jpg` of `images` with `a/x<suffix>` of `masks`, whatever the extension. */
async function pairFiles(images: string, masks: string, suffix: string): Promise<MaskedImage[]> {
  const pairs = await pairNames(kinds, images, masks, suffix);
  return pairs.map(({ id, image, mask }) => ({ id, image, masks: [mask] }));
}

/** Each image with all masks of the folder that `template` makes of its name, one an instance. */
async function pairFolders(images: string, template: string): Promise<MaskedImage[]> {
  const folderOf = (file: string) => template.replaceAll('{name}', () => basename(withoutExtension(file)));
  const files = await listImages(owner, 'images', images);
  const folders = new Set(files.map(folderOf).filter((folder) => existsSync(folder)));
  const inside = [...folders].map((folder) => `${resolve(folder)}/`);
  const imageFiles = files.filter(
    (file) => !inside.some((folder) => resolve(images, file).startsWith(folder)),
  );
  requireUnique(owner, images, imageFiles, withoutExtension);
  const pairs: MaskedImage[] = [];
  const owners = new Map<string, string>();
  for (const file of imageFiles) {
    const folder = folderOf(file);
    const another = owners.get(folder);
    if (another !== undefined) {
      throw new UsageError(
        `${owner}: ${another} and ${file} in ${images} have one folder of masks, ${folder}. Rename one.`,
      );
    }
    owners.set(folder, file);
    if (!folders.has(folder)) {
      throw new UsageError(
        `${owner}: the image ${join(images, file)} has no masks. Expected a folder ${folder}; ` +
          'add it, remove the image, or correct "masks".',
      );
    }
    const masks = (await listImages(owner, 'masks', folder)).map((mask) => join(folder, mask));
    pairs.push({ id: withoutExtension(file), image: join(images, file), masks });
  }
  return pairs;
}

/**
 * Images of a folder with their masks, by name. Where `masks` holds `{name}`, which stands for the name of the image,
 * it is a folder of its own for each. An image without a mask is a `UsageError`.
 */
export function pairMasks(images: string, masks: string, suffix: string): Promise<MaskedImage[]> {
  return masks.includes('{name}') ? pairFolders(images, masks) : pairFiles(images, masks, suffix);
}
