import { basename } from 'node:path';
import sharp from 'sharp';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import { type Dataset, defineDataset, type ImageShape, type SplitName } from './dataset.ts';
import { withoutExtension } from './files.ts';
import type { NpyArray } from './npy.ts';
import { readNpz } from './npz.ts';

interface Part {
  readonly images: Uint8Array;
  /** `places` an image: its class, or of each of several labels whether it is there. */
  readonly labels: ArrayLike<number>;
  readonly places: number;
  readonly count: number;
  readonly shape: ImageShape;
}

const prefixes = { train: 'train', validation: 'val', test: 'test' } as const;
const splitNames = ['train', 'validation', 'test'] as const satisfies readonly SplitName[];

function checkPart(file: string, prefix: string, images: NpyArray, labels: NpyArray): Part {
  const [count = 0, height = 0, width = 0, channels = 1] = images.shape;
  const isImages = images.shape.length === 3 || (images.shape.length === 4 && channels === 3);
  if (!isImages || !(images.values instanceof Uint8Array)) {
    throw new UsageError(
      `${file}: expected ${prefix}_images as bytes [count, height, width] or [count, height, width, 3], ` +
        `received [${images.shape.join(', ')}]. Volumes are not supported.`,
    );
  }
  const [rows, places = 1, ...more] = labels.shape;
  if (rows !== count || places < 1 || more.length > 0) {
    throw new UsageError(
      `${file}: expected ${prefix}_labels [${count}, 1], one class an image, or [${count}, labels], ` +
        `received [${labels.shape.join(', ')}].`,
    );
  }
  const { values } = labels;
  return { images: images.values, labels: values, places, count, shape: [height, width, channels] };
}

async function readParts(file: string): Promise<Record<SplitName, Part>> {
  const arrays = await readNpz('medmnist', file, [
    'train_images',
    'train_labels',
    'val_images',
    'val_labels',
    'test_images',
    'test_labels',
  ]);
  const part = (split: SplitName) => {
    const prefix = prefixes[split];
    return checkPart(file, prefix, arrays[`${prefix}_images`], arrays[`${prefix}_labels`]);
  };
  const parts = { train: part('train'), validation: part('validation'), test: part('test') };
  for (const split of splitNames) {
    if (parts[split].places !== parts.train.places) {
      throw new UsageError(
        `${file}: train has ${parts.train.places} labels an image, ${split} has ${parts[split].places}.`,
      );
    }
    if (parts[split].shape.join() === parts.train.shape.join()) continue;
    throw new UsageError(
      `${file}: the images of train and ${split} differ in shape, [${parts.train.shape.join(', ')}] and [${parts[split].shape.join(', ')}].`,
    );
  }
  return parts;
}

/** As the package `medmnist` has them. */
const CHEST = [
  'atelectasis',
  'cardiomegaly',
  'effusion',
  'infiltration',
  'mass',
  'nodule',
  'pneumonia',
  'pneumothorax',
  'consolidation',
  'edema',
  'emphysema',
  'fibrosis',
  'pleural',
  'hernia',
];

function nameLabels(
  file: string,
  given: readonly string[],
  parts: Record<SplitName, Part>,
): readonly string[] {
  const { places } = parts.train;
  if (given.length > 0 && given.length !== places) {
    throw new UsageError(
      `${file}: its images have ${places} labels, and "classes" names ${given.length}. Name each.`,
    );
  }
  for (const split of splitNames) {
    const { labels } = parts[split];
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] === 0 || labels[i] === 1) continue;
      throw new UsageError(
        `${file}: expected labels of 0 and 1, found ${labels[i]} at ${split}/${Math.floor(i / places)}.`,
      );
    }
  }
  if (given.length > 0) return given;
  return basename(file).startsWith('chestmnist') && places === CHEST.length
    ? CHEST
    : Array.from({ length: places }, (_, i) => String(i));
}

function nameClasses(
  file: string,
  given: readonly string[],
  parts: Record<SplitName, Part>,
): readonly string[] {
  let largest = 0;
  for (const split of splitNames) {
    const { labels, count } = parts[split];
    for (let i = 0; i < count; i++) {
      const label = labels[i] as number;
      largest = Math.max(largest, label);
      if (Number.isInteger(label) && label >= 0 && (given.length === 0 || label < given.length)) continue;
      throw new UsageError(
        `${file}: label ${label} of ${split}/${i} has no class. Expected ${given.length ? `0 to ${given.length - 1}` : 'whole numbers from 0'}; name every class in "classes".`,
      );
    }
  }
  if (given.length > 0) return given;
  if (basename(file).startsWith('pneumoniamnist')) return ['normal', 'pneumonia'];
  return Array.from({ length: Math.max(2, largest + 1) }, (_, i) => String(i));
}

async function resize(image: Uint8Array, from: ImageShape, to: ImageShape): Promise<Uint8Array> {
  if (from.join() === to.join()) return image;
  const [height, width, channels] = from;
  return sharp(image, { raw: { width, height, channels: channels as 1 | 3 } })
    .resize(to[1], to[0], { fit: 'fill' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
}

/**
 * A MedMNIST archive (Yang et al. 2023, MedMNIST v2, arXiv:2110.14795), 2D; for classification, with one label an image
 * or several, as ChestMNIST has. It comes divided in train, validation and test, and the whole archive is held in
 * memory.
 *
 * Ids are `train/0`, `validation/0`, …. MedMNIST does not tell patients apart.
 */
export const medmnist = defineDataset({
  defaults: {
    file: '',
    /** Names of the classes; by default `0`, `1`, …, and for pneumoniamnist and chestmnist their own. */
    classes: [] as readonly string[],
    /** `[height, width]` to resize to; by default the size of the archive. */
    size: [] as readonly number[],
  },
  async open({ file, classes: names, size }): Promise<Dataset> {
    const sizeHolds =
      size.length === 0 || (size.length === 2 && size.every((n) => Number.isInteger(n) && n > 0));
    requireOption('medmnist', 'size', sizeHolds, 'two whole numbers, [height, width], or none', size);
    // Words of a command that are numbers come as such.
    const given = names.map(String);
    const parts = await readParts(file);
    const { places: count } = parts.train;
    const several = count > 1;
    const classes = (several ? nameLabels : nameClasses)(file, given, parts);
    const labelsOf = (split: SplitName, index: number) =>
      Array.from({ length: count }, (_, k) => parts[split].labels[index * count + k] as number);
    const [height, width, channels] = parts.train.shape;
    const imageShape: ImageShape = [size[0] ?? height, size[1] ?? width, channels];
    const places = splitNames.flatMap((split) =>
      Array.from({ length: parts[split].count }, (_, index) => ({ split, index })),
    );
    const samples = places.map(({ split, index }) => {
      const id = `${split}/${index}`;
      const labels = labelsOf(split, index);
      return { id, patient: id, ...(several ? { labels } : { label: labels[0] as number }) };
    });
    const indicesOf = (name: SplitName) =>
      places.flatMap(({ split }, index) => (split === name ? [index] : []));
    return {
      name: withoutExtension(basename(file)),
      task: several ? 'multilabel' : 'classification',
      imageShape,
      classes,
      samples,
      fixedSplits: {
        train: indicesOf('train'),
        validation: indicesOf('validation'),
        test: indicesOf('test'),
      },
      filesOf: () => [file],
      async read(at) {
        const { split, index } = places[at] as (typeof places)[number];
        const { images, shape } = parts[split];
        const length = height * width * channels;
        const bytes = await resize(images.subarray(index * length, (index + 1) * length), shape, imageShape);
        const pixels = Float32Array.from(bytes, (byte) => byte / 255);
        const labels = labelsOf(split, index);
        return {
          id: `${split}/${index}`,
          pixels,
          label: several ? Int32Array.from(labels) : (labels[0] as number),
        };
      },
    };
  },
});
