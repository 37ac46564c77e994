import { basename, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { type Dataset, defineDataset, type SampleInfo } from './dataset.ts';
import { dicomPatient } from './dicom/patient.ts';
import { patientFrom } from './files.ts';
import { decodeImage, type ImageTarget, imageDefaults, imageTarget } from './image-file.ts';
import { type MaskReader, maskReader, readPalette } from './mask-classes.ts';
import { decodeMask, type Palette } from './mask-file.ts';
import { type MaskedImage, pairMasks } from './mask-pairs.ts';

async function readPair(
  { id, image, masks }: MaskedImage,
  target: ImageTarget,
  palette: Palette | undefined,
  toClasses: MaskReader,
) {
  const [decoded, ...decodedMasks] = await Promise.all([
    decodeImage(image, target),
    ...masks.map((file) => decodeMask(file, target, palette)),
  ]);
  let label: Int32Array | undefined;
  for (const [i, mask] of decodedMasks.entries()) {
    const file = masks[i] as string;
    if (decoded.width !== mask.width || decoded.height !== mask.height) {
      throw new UsageError(
        `The image ${image} has ${decoded.width} × ${decoded.height} pixels, its mask ${file} has ` +
          `${mask.width} × ${mask.height}. They must be of one size; replace one.`,
      );
    }
    const classes = toClasses(mask, file);
    // Of instances that overlap the last one stands.
    label = label ? label.map((before, at) => (classes[at] as number) || before) : classes;
  }
  return { id, pixels: decoded.pixels, label: label as Int32Array };
}

/**
 * Images with masks, as in ISIC (`x.jpg`, `x_segmentation.png`); for segmentation.
 *
 * The mask of `a/x.jpg` is `a/x<maskSuffix>` with any image extension below `masks`. Where `masks` holds
 * `{name}`, such as `nuclei/{name}/masks`, it is a folder of masks for each image, one an instance, which are laid
 * over one another. With two classes a value above `maskThreshold` is the second; with more, the value is the class;
 * `maskValues` or `maskColours` say otherwise. Masks are resized to the nearest pixel. An image without a mask is
 * a `UsageError` when the data are opened; sizes and values are checked as samples are read.
 */
export const imageMasks = defineDataset({
  defaults: {
    images: '',
    masks: '',
    maskSuffix: '',
    classes: ['background', 'foreground'] as readonly string[],
    /** The value of each class, such as `[0, 255]`; any other value in a mask is then an error. */
    maskValues: [] as readonly number[],
    /** The colour of each class, such as `#ff0000`, for masks in RGB or with a palette. */
    maskColours: [] as readonly string[],
    maskThreshold: 127,
    ...imageDefaults,
    /**
     * A regular expression over the file name whose one group is the patient; by default the Patient ID of DICOM, and
     * each other file is one.
     */
    patientPattern: '',
  },
  async open(options) {
    const {
      images,
      masks,
      maskSuffix,
      classes,
      maskValues,
      maskColours,
      maskThreshold,
      patientPattern,
      ...image
    } = options;
    const target = imageTarget('imageMasks', image);
    const palette = readPalette('imageMasks', classes, maskColours);
    const toClasses = maskReader('imageMasks', classes, maskValues, palette, maskThreshold);
    const patientOf = patientFrom('imageMasks', patientPattern);
    const pairs = await pairMasks(images, masks, maskSuffix);
    const samples: SampleInfo[] = [];
    for (const { id, image } of pairs) {
      const known = patientPattern === '' ? await dicomPatient(image) : undefined;
      samples.push({ id, patient: known ?? patientOf(image, id) });
    }
    const dataset: Dataset = {
      name: basename(resolve(images)),
      task: 'segmentation',
      imageShape: target.imageShape,
      classes,
      samples,
      filesOf(index) {
        const { image, masks } = pairs[index] as MaskedImage;
        return [image, ...masks];
      },
      read: (index) => readPair(pairs[index] as MaskedImage, target, palette, toClasses),
    };
    return dataset;
  },
});
