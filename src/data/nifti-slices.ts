import { basename, dirname, resolve } from 'node:path';
import { listChoices, UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import { type Dataset, defineDataset, type ImageShape } from './dataset.ts';
import { type Fit, fitChannel, fitNearest } from './fit.ts';
import { keepRecent } from './nifti/keep.ts';
import { labelSets } from './nifti/label-sets.ts';
import { pairByName, pairByTable, type VolumePair } from './nifti/pairs.ts';
import { cuts, frameValues, type Plane, planeSize, slicePlane } from './nifti/plane.ts';
import { checkPair } from './nifti/same-place.ts';
import { filesOfVolume, readVolume, readVolumeInfo, type Volume, type VolumeInfo } from './nifti/volume.ts';
import { intensityDefaults, type Range, rangeFinder, scaleToUnit } from './value-range.ts';

const owner = 'niftiSlices';

/** Bytes of volumes that are kept unpacked. */
const keptBytes = 2 ** 29;

interface LoadedPair {
  readonly image: Volume;
  readonly mask: Volume;
  /** Of each frame. */
  readonly ranges: readonly Range[];
}

function requireChoice(option: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new UsageError(
    `Option "${option}" of ${owner}: expected ${listChoices(choices.map((choice) => `"${choice}"`))}, received ${JSON.stringify(value)}.`,
  );
}

/** The frames that become channels, of volumes that must all have as many. */
function chooseFrames(pairs: readonly VolumePair[], infos: readonly VolumeInfo[], given: readonly number[]) {
  const count = infos[0]?.shape[3] as number;
  const frames = given.length > 0 ? given : Array.from({ length: count }, (_, i) => i);
  for (const [i, { shape }] of infos.entries()) {
    if (given.length === 0 && shape[3] !== count) {
      throw new UsageError(
        `${owner}: expected ${count} frames in ${pairs[i]?.image}, as in ${pairs[0]?.image}, found ${shape[3]}. ` +
          'List in "frames" those that become channels.',
      );
    }
    const holds = frames.every((frame) => Number.isInteger(frame) && frame >= 0 && frame < shape[3]);
    requireOption(
      owner,
      'frames',
      holds,
      `frames from 0 to ${shape[3] - 1}, as ${pairs[i]?.image} has`,
      given,
    );
  }
  return frames;
}

/** The size to cut slices to: the one given, or that of the largest slice. */
function chooseSize(infos: readonly VolumeInfo[], plane: Plane, given: readonly number[]) {
  const holds =
    given.length === 0 || (given.length === 2 && given.every((n) => Number.isInteger(n) && n > 0));
  requireOption(owner, 'size', holds, 'two whole numbers, [height, width], or none', given);
  const sizes = infos.map(({ shape }) => planeSize(shape, plane));
  const largest = (side: 'height' | 'width') => sizes.reduce((most, size) => Math.max(most, size[side]), 0);
  return { height: given[0] ?? largest('height'), width: given[1] ?? largest('width') };
}

/** All values that occur in the label maps, the background first, then ascending; more than 1000 are no labels. */
async function allLabels(pairs: readonly VolumePair[]): Promise<number[]> {
  const found = new Set<number>([0]);
  for (const { mask } of pairs) {
    for (const value of frameValues(await readVolume(mask), 0, Float64Array)) found.add(value);
    if (found.size <= 1000 && [...found].every(Number.isInteger)) continue;
    throw new UsageError(
      `The label map ${mask}: expected whole numbers, at most 1000 different ones. Correct "masks", or the label map.`,
    );
  }
  found.delete(0);
  return [0, ...[...found].sort((a, b) => a - b)];
}

/**
 * Slices of NIfTI volumes with a label map each, such as `imagesTr/a.nii.gz` and `labelsTr/a.nii.gz` of
 * the Medical Segmentation Decathlon (Antonelli et al. 2022, arXiv:2106.05735); for segmentation.
 *
 * Volumes and label maps are found by name in the folders `images` and `masks`, or by the rows of `csv`. Each is
 * turned to the axes of the body first; voxels are taken as they are, whatever their spacing. A volume is a
 * patient unless said otherwise. Intensities are scaled frame by frame of a volume, over all its voxels. Headers
 * are read when the data are opened, and every label map too where `slices` or `classes` ask for it.
 */
export const niftiSlices = defineDataset({
  defaults: {
    images: '',
    masks: '',
    maskSuffix: '',
    /** A table instead of the folders, with paths from where it lies. */
    csv: '',
    imageColumn: 'image',
    maskColumn: 'mask',
    patientColumn: '',
    /** A regular expression over the file name whose one group is the patient; by default each volume is one. */
    patientPattern: '',
    /** `axial`, `coronal` or `sagittal`. */
    plane: 'axial',
    /** `all` slices, or those with a `labelled` voxel. */
    slices: 'all',
    /** The background first. By default the value is the index, or every value that occurs is a class. */
    classes: [] as readonly string[],
    /** One entry a class after the background: the values it is made of, such as `17 53` or `1000-1035`; all others are background. */
    maskValues: [] as readonly string[],
    /** Which frames of 4D volumes become the channels; by default all. */
    frames: [] as readonly number[],
    ...intensityDefaults,
    /** `[height, width]`; by default that of the largest slice. */
    size: [] as readonly number[],
    /** `pad` keeps voxels and cuts or adds a border; `squash` and `crop` resize. */
    fit: 'pad',
  },
  async open(options): Promise<Dataset> {
    const { images, masks, maskSuffix, csv, imageColumn, maskColumn, patientColumn, patientPattern } =
      options;
    requireChoice('plane', options.plane, Object.keys(cuts));
    requireChoice('slices', options.slices, ['all', 'labelled']);
    requireChoice('fit', options.fit, ['pad', 'squash', 'crop']);
    const [plane, fit] = [options.plane as Plane, options.fit as Fit];
    const findRange = rangeFinder(owner, options);
    const ofFolders = { images, masks, maskSuffix, patientPattern };
    for (const [name, value] of Object.entries(csv === '' ? {} : ofFolders))
      requireOption(owner, name, value === '', 'none beside "csv", whose columns say it', value);
    requireOption(
      owner,
      'patientColumn',
      csv !== '' || patientColumn === '',
      'none without "csv"',
      patientColumn,
    );
    const pairs =
      csv === ''
        ? await pairByName(images, masks, maskSuffix, patientPattern)
        : await pairByTable(csv, imageColumn, maskColumn, patientColumn);
    const infos: VolumeInfo[] = [];
    for (const { image, mask } of pairs) {
      const info = await readVolumeInfo(image);
      checkPair(image, info, mask, await readVolumeInfo(mask));
      infos.push(info);
    }
    const frames = chooseFrames(pairs, infos, options.frames);
    const target = chooseSize(infos, plane, options.size);
    // Words of a command that are numbers come as such.
    const [names, sets] = [options.classes.map(String), options.maskValues.map(String)];
    const { classes, toClasses } = await labelSets(owner, names, sets, () => allLabels(pairs));
    const places: { readonly pair: number; readonly slice: number }[] = [];
    for (const [pair, { mask }] of pairs.entries()) {
      const { shape } = infos[pair] as VolumeInfo;
      const labels = options.slices === 'labelled' ? await readVolume(mask) : undefined;
      for (let slice = 0; slice < planeSize(shape, plane).count; slice++) {
        if (
          labels &&
          !toClasses(slicePlane(labels, plane, slice, 0, Float64Array), mask).some((label) => label > 0)
        )
          continue;
        places.push({ pair, slice });
      }
    }
    if (places.length === 0) {
      throw new UsageError(
        `${owner}: no slice holds a label. Correct "maskValues", or set "slices" to "all".`,
      );
    }
    const loaded = keepRecent(
      async (index): Promise<LoadedPair> => {
        const { image: file, mask } = pairs[index] as VolumePair;
        const image = await readVolume(file);
        const ranges = frames.map((frame) => findRange(frameValues(image, frame)));
        return { image, mask: await readVolume(mask), ranges };
      },
      ({ image, mask }) => image.stored.byteLength + mask.stored.byteLength,
      keptBytes,
    );
    const imageShape: ImageShape = [target.height, target.width, frames.length];
    const samples = places.map(({ pair, slice }) => {
      const { id, patient } = pairs[pair] as VolumePair;
      return { id: `${id}/${slice}`, patient };
    });
    return {
      name: basename(csv === '' ? dirname(resolve(images)) : resolve(csv)),
      task: 'segmentation',
      imageShape,
      classes,
      samples,
      ...(csv !== '' && { tables: [csv] }),
      filesOf(index) {
        const { image, mask } = pairs[(places[index] as (typeof places)[number]).pair] as VolumePair;
        return [image, mask].flatMap(filesOfVolume);
      },
      async read(index) {
        const { pair, slice } = places[index] as (typeof places)[number];
        const { image, mask, ranges } = await loaded(pair);
        const from = planeSize(image.shape, plane);
        const pixels = new Float32Array(target.height * target.width * frames.length);
        for (const [channel, frame] of frames.entries()) {
          const values = scaleToUnit(slicePlane(image, plane, slice, frame), ranges[channel] as Range);
          const fitted = await fitChannel(values, from, target, fit);
          for (let i = 0; i < fitted.length; i++) pixels[i * frames.length + channel] = fitted[i] as number;
        }
        const values = slicePlane(mask, plane, slice, 0, Float64Array);
        const labels = toClasses(values, (pairs[pair] as VolumePair).mask);
        return { id: samples[index]?.id as string, pixels, label: fitNearest(labels, from, target, fit) };
      },
    };
  },
});
