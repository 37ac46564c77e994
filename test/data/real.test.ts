// Data as the world has them; each test skips where its folder is not there.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type DatasetChoice, openDataset } from '../../src/data/create.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { decodeImage } from '../../src/data/image-file.ts';
import { decodeMask } from '../../src/data/mask-file.ts';
import { splitDataset } from '../../src/data/split.ts';
import { createRandom } from '../../src/random.ts';
import { sharedData } from '../support.ts';

/** Runs `body` with the folder, or skips and says which is missing. */
function withData(path: string, body: (folder: string) => Promise<void>) {
  return async (context: TestContext) => {
    const folder = sharedData(path);
    if (folder === undefined) context.skip(`the data set ${path} is not there`);
    else await body(folder);
  };
}

function countsOf({ classes, samples }: Dataset): Record<string, number> {
  return Object.fromEntries(
    classes.map((name, label) => [name, samples.filter((sample) => sample.label === label).length]),
  );
}

async function foregroundShare(dataset: Dataset, every: number): Promise<number> {
  let [foreground, all] = [0, 0];
  for (let index = 0; index < dataset.samples.length; index += every) {
    const { pixels, label } = await dataset.read(index);
    assert.ok(pixels.some((value) => value > 0.1));
    for (const value of label as Int32Array) foreground += value;
    all += (label as Int32Array).length;
  }
  return foreground / all;
}

test(
  'ISIC 2017: classes by columns',
  withData('isic2017_skin', async (folder) => {
    const dataset = await openDataset({
      name: 'imageCsv',
      csv: join(folder, 'train_GroundTruth.csv'),
      images: join(folder, 'images'),
      classes: ['melanoma', 'seborrheic_keratosis'],
      otherClass: 'nevus',
      size: [64, 64],
    });
    assert.deepEqual(countsOf(dataset), { melanoma: 240, seborrheic_keratosis: 160, nevus: 800 });
    const { validation } = splitDataset(dataset, { validation: 0.15, test: 0.15 }, createRandom(1));
    assert.deepEqual(countsOf(validation), { melanoma: 36, seborrheic_keratosis: 24, nevus: 120 });
    for (let index = 0; index < 1200; index += 60) {
      const { pixels } = await dataset.read(index);
      assert.ok(pixels.every((value) => value >= 0 && value <= 1));
    }
  }),
);

test(
  'ISIC 2017: lesion masks, resized and at full size',
  withData('isic2017_skin', async (folder) => {
    const choice = { name: 'imageMasks', maskSuffix: '_segmentation', size: [64, 64] } as const;
    const open = (root: string, fit: string) =>
      openDataset({ ...choice, fit, images: join(root, 'images'), masks: join(root, 'masks') });
    const dataset = await open(folder, 'squash');
    assert.equal(dataset.samples.length, 1200);
    const share = await foregroundShare(dataset, 40);
    assert.ok(share > 0.1 && share < 0.5, `lesions cover ${share}`);
    const full = sharedData('isic2017_fullres');
    if (full) assert.ok((await foregroundShare(await open(full, 'crop'), 1)) > 0.02);
  }),
);

test(
  'chest X-rays: classes by folders, patients by file names',
  withData('cxr_kermany', async (folder) => {
    const dataset = await openDataset({
      name: 'imageFolder',
      directory: folder,
      size: [64, 64],
      channels: 1,
      patientPattern: '^(person\\d+|(?:NORMAL2-)?IM-\\d+)',
    });
    assert.deepEqual(countsOf(dataset), { NORMAL: 201, PNEUMONIA: 581 });
    assert.ok(new Set(dataset.samples.map(({ patient }) => patient)).size < dataset.samples.length);
    assert.equal((await dataset.read(300)).pixels.length, 64 * 64);
  }),
);

test(
  'PneumoniaMNIST: sizes of the splits',
  withData('medmnist_pneumonia', async (folder) => {
    const dataset = await openDataset({ name: 'medmnist', file: join(folder, 'pneumoniamnist.npz') });
    const splits = splitDataset(dataset, { validation: 0.1, test: 0.1 }, createRandom(1));
    assert.deepEqual(countsOf(splits.train), { normal: 388, pneumonia: 3494 });
    assert.deepEqual(countsOf(splits.validation), { normal: 135, pneumonia: 389 });
    assert.deepEqual(countsOf(splits.test), { normal: 234, pneumonia: 390 });
    assert.deepEqual(dataset.imageShape, [28, 28, 1]);
  }),
);

test(
  'nuclei with transparency, and hearts with masks saved in colour',
  withData('dsb2018_nuclei', async (folder) => {
    const open = (choice: Partial<DatasetChoice>, root: string, masks: string) =>
      openDataset({
        name: 'imageMasks',
        size: [64, 64],
        images: join(root, 'images'),
        masks: join(root, masks),
        ...choice,
      } as DatasetChoice);
    const nuclei = await open({}, folder, 'masks');
    assert.equal(nuclei.samples.length, 230);
    const share = await foregroundShare(nuclei, 10);
    assert.ok(share > 0.05 && share < 0.4, `nuclei cover ${share}`);
    // Instance numbers, in 16 bits: any but 0 is foreground.
    const instances = await open({ maskThreshold: 0 } as Partial<DatasetChoice>, folder, 'labels');
    assert.equal(await foregroundShare(instances, 10), share);
    const hearts = sharedData('sunnybrook_cardiac');
    if (!hearts) return;
    const patientPattern = '^(SC-[A-Z]+(?:-[A-Z]+)?-\\d+)';
    const cardiac = await open({ channels: 1, patientPattern } as Partial<DatasetChoice>, hearts, 'labels');
    assert.equal(cardiac.samples.length, 420);
    assert.equal(new Set(cardiac.samples.map(({ patient }) => patient)).size, 24);
    const ventricle = await foregroundShare(cardiac, 20);
    assert.ok(ventricle > 0.005 && ventricle < 0.05, `the left ventricle covers ${ventricle}`);
  }),
);

test(
  'hippocampus: slices of 120 volumes with two labels',
  withData('msd_hippocampus', async (folder) => {
    const choice = {
      name: 'niftiSlices',
      images: join(folder, 'images'),
      masks: join(folder, 'labels'),
    } as const;
    const dataset = await openDataset({ ...choice, classes: ['background', 'anterior', 'posterior'] });
    assert.equal(new Set(dataset.samples.map(({ patient }) => patient)).size, 120);
    const [height, width] = dataset.imageShape;
    const counts = [0, 0, 0];
    for (let index = 0; index < dataset.samples.length; index += 20) {
      const { pixels, label } = await dataset.read(index);
      assert.ok(pixels.every((value) => value >= 0 && value <= 1));
      for (const value of label as Int32Array) (counts[value] as number)++;
    }
    const [, anterior = 0, posterior = 0] = counts.map((n) => n / (215 * height * width));
    assert.ok(anterior > 0.01 && anterior < 0.04, `the anterior part covers ${anterior}`);
    assert.ok(posterior > 0.01 && posterior < 0.04, `the posterior part covers ${posterior}`);
  }),
);

test(
  'nuclei with a file each, as they come',
  withData('dsb2018_nuclei', async (folder) => {
    const root = join(folder, 'raw_layout');
    const dataset = await openDataset({
      name: 'imageMasks',
      images: root,
      masks: join(root, '{name}', 'masks'),
      size: [256, 256],
    });
    assert.ok(dataset.samples.length >= 3);
    const { id, label } = await dataset.read(0);
    // Merged by others, at the size of the file.
    const merged = join(folder, 'masks', `${basename(id)}.png`);
    const whole = await decodeMask(merged, { imageShape: [256, 256, 1], fit: 'squash' });
    assert.deepEqual(
      [...(label as Int32Array)],
      Array.from(whole.values, (value) => (value > 0 ? 1 : 0)),
    );
  }),
);

test(
  'histology in TIFF with PackBits',
  withData('nct_crc_tif', async (folder) => {
    const files = (await readdir(folder)).filter((name) => name.endsWith('.tif'));
    assert.equal(files.length, 9);
    for (const name of files) {
      const { pixels, width, height } = await decodeImage(join(folder, name), {
        imageShape: [224, 224, 3],
        fit: 'squash',
      });
      assert.deepEqual([width, height], [224, 224]);
      assert.ok(pixels.some((value) => value > 0.5));
    }
  }),
);
