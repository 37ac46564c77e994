// Opens and reads every example of docs/data.md, on data of its layout.

import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type DatasetChoice, openDataset } from '../../src/data/create.ts';
import * as registry from '../../src/data/registry.ts';
import { dicomBytes, pixelBytes } from './dicom/write.ts';
import { colours, raster, temporaryFolder, writeImage, writeText } from './fixtures.ts';
import { counted, writeNifti } from './nifti/write.ts';

const page = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

async function writePairs(root: string, suffix: string, colour: (column: number, channel: number) => number) {
  await writeImage(join(root, 'images', 'a.png'), colours(1));
  const mask = raster(12, 10, 3, (_, column, channel) => colour(column, channel));
  await writeImage(join(root, 'masks', `a${suffix}.png`), mask);
}

async function writeVolumes(root: string, labels: (index: number) => number, shape: readonly number[]) {
  const count = shape.reduce((a, b) => a * b, 1);
  const label = { shape: shape.slice(0, 3), values: counted(count / (shape[3] ?? 1)).map(labels), type: 4 };
  await writeNifti(join(root, 'images', 'a.nii.gz'), { shape, values: counted(count) });
  await writeNifti(join(root, 'labels', 'a.nii.gz'), label);
}

/** The files that the guide speaks of, each a small one. */
async function writeData(data: string): Promise<void> {
  await writeImage(join(data, 'xray', 'NORMAL', 'person1_a.jpeg.jpg'), colours(1));
  await writeImage(join(data, 'xray', 'PNEUMONIA', 'person2_b.png'), colours(2));
  const slice = dicomBytes({
    rows: 2,
    columns: 2,
    signed: true,
    pixels: pixelBytes([-1000, 0, 40, 400], 16),
  });
  for (const name of ['covid', 'healthy']) await writeText(join(data, 'ct', name, 'IM0001'), slice);
  await writeImage(join(data, 'ham', 'images', 'h1.jpg'), colours(1));
  await writeImage(join(data, 'ham', 'images', 'h2.jpg'), colours(2));
  await writeText(join(data, 'ham', 'labels.csv'), 'image_id,lesion_id,dx\nh1,l1,nv\nh2,l2,mel\n');
  await writeImage(join(data, 'isic', 'images', 'i1.jpg'), colours(1));
  await writeText(join(data, 'isic', 'labels.csv'), 'image_id,melanoma,seborrheic_keratosis\ni1,0.0,0.0\n');
  const view = 'CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg';
  await writeImage(join(data, 'chexpert', view), colours(1));
  await writeText(
    join(data, 'chexpert', 'CheXpert-v1.0-small', 'train.csv'),
    `Path,Sex,Atelectasis,Cardiomegaly,Edema\n${view},Female,1.0,,-1.0\n`,
  );
  await copyFile(page('test/golden/data/tiny-mnist.npz'), join(data, 'pneumoniamnist.npz'));
  await writePairs(join(data, 'skin'), '_segmentation', (column) => (column > 5 ? 255 : 0));
  await writePairs(join(data, 'eyes'), '', (column) => [0, 128, 255][Math.floor(column / 4)] as number);
  const palette = [0, 0x00ff00, 0xff0080];
  await writePairs(
    join(data, 'scenes'),
    '',
    (column, channel) => ((palette[column % 3] as number) >> (16 - 8 * channel)) & 255,
  );
  await writeImage(join(data, 'nuclei', 'n1', 'images', 'n1.png'), colours(1));
  const one = raster(12, 10, 1, (row) => (row < 3 ? 255 : 0));
  await writeImage(join(data, 'nuclei', 'n1', 'masks', '1.png'), one);
  await writeVolumes(join(data, 'hippocampus'), (i) => i % 3, [4, 5, 3]);
  await writeVolumes(join(data, 'brains'), (i) => [0, 17, 53, 1001, 2035, 41][i % 6] as number, [4, 5, 3]);
  await writeVolumes(join(data, 'tumours'), (i) => (i > 40 ? 1 : 0), [4, 5, 3, 4]);
  await writeText(
    join(data, 'tumours.csv'),
    'scan,tumour,patient\ntumours/images/a.nii.gz,tumours/labels/a.nii.gz,p1\n',
  );
}

test('every example of the guide opens and reads', async (context) => {
  const root = await temporaryFolder(context);
  await mkdir(join(root, 'data'));
  await writeData(join(root, 'data'));
  const before = process.cwd();
  context.after(() => process.chdir(before));
  process.chdir(root);
  const guide = await readFile(page('docs/data.md'), 'utf8');
  const examples = [...guide.matchAll(/```ts\n(\{.*?\})\n```/gs)].map(([, code]) => code as string);
  const seen = new Set<string>();
  for (const code of examples) {
    const choice = new Function(`return ${code}`)() as DatasetChoice;
    const dataset = await openDataset(choice);
    const { pixels } = await dataset.read(dataset.samples.length - 1);
    assert.ok(pixels.some((value) => value > 0) && pixels.every((value) => value >= 0 && value <= 1), code);
    seen.add(choice.name);
  }
  assert.deepEqual(seen, new Set(Object.keys(registry)), 'one example of each format');
});
