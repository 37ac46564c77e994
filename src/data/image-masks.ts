import { basename, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import { type Dataset, defineDataset } from './dataset.ts';
import { listImages, patientFrom, withoutExtension } from './files.ts';
import {
  type DecodedMask,
  decodeImage,
  decodeMask,
  type ImageTarget,
  imageDefaults,
  imageTarget,
} from './image-file.ts';

interface Pair {
  readonly id: string;
  readonly image: string;
  readonly mask: string;
}

/** From the values of a mask to class indices; what it does not expect is a `UsageError` that names the file. */
type MaskReader = (mask: DecodedMask, file: string) => Int32Array;

/** Above `threshold` is class 1. A mask that never gets there but is not 0 either holds something else. */
function thresholded(threshold: number): MaskReader {
  return ({ values }, file) => {
    const largest = values.reduce((a, b) => Math.max(a, b), 0);
    if (largest > 0 && largest <= threshold) {
      throw new UsageError(
        `The mask ${file}: its largest value is ${largest}, so nothing lies above maskThreshold ${threshold}. ` +
          'List the value of each class in "maskValues", such as [0, 1], or lower the threshold.',
      );
    }
    return Int32Array.from(values, (value) => (value > threshold ? 1 : 0));
  };
}

function listed(classValues: readonly number[]): MaskReader {
  const classOf = new Int32Array(65536).fill(-1);
  for (const [index, value] of classValues.entries()) classOf[value] = index;
  return ({ values }, file) =>
    Int32Array.from(values, (value) => {
      const index = classOf[value] as number;
      if (index >= 0) return index;
      throw new UsageError(
        `The mask ${file}: expected the values ${classValues.join(', ')}, one a class, found ${value}. ` +
          'Correct "classes" and "maskValues", or the mask.',
      );
    });
}

function maskReader(
  classes: readonly string[],
  maskValues: readonly number[],
  threshold: number,
): MaskReader {
  requireOption('imageMasks', 'classes', classes.length >= 2, 'at least two, the background first', classes);
  if (maskValues.length === 0) {
    const inRange = Number.isFinite(threshold) && threshold >= 0 && threshold < 65535;
    requireOption('imageMasks', 'maskThreshold', inRange, 'a value from 0 to below 65535', threshold);
    return classes.length === 2 ? thresholded(threshold) : listed([...classes.keys()]);
  }
  const valid = maskValues.every((value) => Number.isInteger(value) && value >= 0 && value <= 65535);
  const distinct = new Set(maskValues).size === maskValues.length;
  const holds = valid && distinct && maskValues.length === classes.length;
  requireOption(
    'imageMasks',
    'maskValues',
    holds,
    `${classes.length} different values, one a class`,
    maskValues,
  );
  return listed(maskValues);
}

async function listPairs(images: string, masks: string, maskSuffix: string): Promise<Pair[]> {
  let imageFiles = await listImages('imageMasks', 'images', images);
  const maskFiles = await listImages('imageMasks', 'masks', masks);
  if (resolve(images) === resolve(masks)) {
    requireOption(
      'imageMasks',
      'maskSuffix',
      maskSuffix !== '',
      'an ending, as images and masks share a folder',
      '',
    );
    imageFiles = imageFiles.filter((file) => !withoutExtension(file).endsWith(maskSuffix));
  }
  const maskOf = new Map(maskFiles.map((file) => [withoutExtension(file), file]));
  const idsSeen = new Map<string, string>();
  return imageFiles.map((image) => {
    const id = withoutExtension(image);
    const mask = maskOf.get(`${id}${maskSuffix}`);
    if (mask === undefined) {
      throw new UsageError(
        `imageMasks: the image ${join(images, image)} has no mask. Expected ${join(masks, `${id}${maskSuffix}.png`)}; ` +
          'add it, remove the image, or correct "maskSuffix".',
      );
    }
    const another = idsSeen.get(id);
    if (another !== undefined) {
      throw new UsageError(`imageMasks: ${another} and ${image} in ${images} are of one name. Remove one.`);
    }
    idsSeen.set(id, image);
    return { id, image: join(images, image), mask: join(masks, mask) };
  });
}

async function readPair({ id, image, mask }: Pair, target: ImageTarget, toClasses: MaskReader) {
  const [decoded, decodedMask] = await Promise.all([decodeImage(image, target), decodeMask(mask, target)]);
  if (decoded.width !== decodedMask.width || decoded.height !== decodedMask.height) {
    throw new UsageError(
      `The image ${image} has ${decoded.width} × ${decoded.height} pixels, its mask ${mask} has ` +
        `${decodedMask.width} × ${decodedMask.height}. They must be of one size; replace one.`,
    );
  }
  return { id, pixels: decoded.pixels, label: toClasses(decodedMask, mask) };
}

/**
 * Images with a grey mask each, as in ISIC (`x.jpg`, `x_segmentation.png`); for segmentation.
 *
 * The mask of `a/x.jpg` is `a/x<maskSuffix>` with any image extension below `masks`. With two classes
 * a value above `maskThreshold` is the second; with more, the value is the class; `maskValues` says
 * otherwise. Masks are resized to the nearest pixel. An image without a mask is a `UsageError` when the
 * data are opened; sizes and values are checked as samples are read.
 */
export const imageMasks = defineDataset({
  defaults: {
    images: '',
    masks: '',
    maskSuffix: '',
    classes: ['background', 'foreground'] as readonly string[],
    /** The value of each class, such as `[0, 255]`; any other value in a mask is then an error. */
    maskValues: [] as readonly number[],
    maskThreshold: 127,
    ...imageDefaults,
    /** A regular expression over the file name whose one group is the patient; by default each file is one. */
    patientPattern: '',
  },
  async open({ images, masks, maskSuffix, classes, maskValues, maskThreshold, patientPattern, ...image }) {
    const target = imageTarget('imageMasks', image);
    const toClasses = maskReader(classes, maskValues, maskThreshold);
    const patientOf = patientFrom('imageMasks', patientPattern);
    const pairs = await listPairs(images, masks, maskSuffix);
    const dataset: Dataset = {
      name: basename(resolve(images)),
      task: 'segmentation',
      imageShape: target.imageShape,
      classes,
      samples: pairs.map((pair) => ({ id: pair.id, patient: patientOf(pair.image, pair.id) })),
      filesOf(index) {
        const { image, mask } = pairs[index] as Pair;
        return [image, mask];
      },
      read: (index) => readPair(pairs[index] as Pair, target, toClasses),
    };
    return dataset;
  },
});
