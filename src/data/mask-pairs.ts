// Which masks belong to which image.

import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import { listImages, withoutExtension } from './files.ts';

export interface MaskedImage {
  /** The path of the image without its extension; unique. */
  readonly id: string;
  readonly image: string;
  /** One, or one for each instance. */
  readonly masks: readonly string[];
}

const owner = 'imageMasks';

function requireUnique(images: string, files: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    const another = seen.get(withoutExtension(file));
    if (another !== undefined) {
      throw new UsageError(`${owner}: ${another} and ${file} in ${images} are of one name. Remove one.`);
    }
    seen.set(withoutExtension(file), file);
  }
}

/** `a/x.jpg` of `images` with `a/x<suffix>` of `masks`, whatever the extension. */
async function pairFiles(images: string, masks: string, suffix: string): Promise<MaskedImage[]> {
  let imageFiles = await listImages(owner, 'images', images);
  const maskFiles = await listImages(owner, 'masks', masks);
  if (resolve(images) === resolve(masks)) {
    const expected = 'an ending, as images and masks share a folder';
    requireOption(owner, 'maskSuffix', suffix !== '', expected, '');
    imageFiles = imageFiles.filter((file) => !withoutExtension(file).endsWith(suffix));
  }
  const maskOf = new Map(maskFiles.map((file) => [withoutExtension(file), file]));
  const pairs = imageFiles.map((image) => {
    const id = withoutExtension(image);
    const mask = maskOf.get(`${id}${suffix}`);
    if (mask === undefined) {
      throw new UsageError(
        `${owner}: the image ${join(images, image)} has no mask. Expected ${join(masks, `${id}${suffix}.png`)}; ` +
          'add it, remove the image, or correct "maskSuffix".',
      );
    }
    return { id, image: join(images, image), masks: [join(masks, mask)] };
  });
  requireUnique(images, imageFiles);
  return pairs;
}

/** Each image with all masks of the folder that `template` makes of its name, one an instance. */
async function pairFolders(images: string, template: string): Promise<MaskedImage[]> {
  const folderOf = (file: string) => template.replaceAll('{name}', basename(withoutExtension(file)));
  const files = await listImages(owner, 'images', images);
  const folders = new Set(files.map(folderOf).filter((folder) => existsSync(folder)));
  const inside = [...folders].map((folder) => `${resolve(folder)}/`);
  const imageFiles = files.filter(
    (file) => !inside.some((folder) => resolve(images, file).startsWith(folder)),
  );
  requireUnique(images, imageFiles);
  const pairs: MaskedImage[] = [];
  for (const file of imageFiles) {
    const folder = folderOf(file);
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
