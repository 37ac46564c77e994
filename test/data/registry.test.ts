// What holds for every data set format. A new one needs its fixture here, and the compiler says so.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type DatasetChoice, openDataset } from '../../src/data/create.ts';
import * as registry from '../../src/data/registry.ts';
import { splitDataset } from '../../src/data/split.ts';
import { UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { colours, raster, says, temporaryFolder, writeImage, writeText } from './fixtures.ts';
import { counted, writeNifti } from './nifti/write.ts';

type Fixtures = {
  [Name in keyof typeof registry]: (folder: string) => Promise<DatasetChoice & { name: Name }>;
};

/** Twelve images of six patients. */
const fixtures: Fixtures = {
  brainPhantoms: async () => ({ name: 'brainPhantoms', count: 6, size: 32 }),
  async imageCsv(folder) {
    const rows = [];
    for (let i = 0; i < 12; i++) {
      await writeImage(join(folder, 'images', `im${i}.png`), colours(i));
      rows.push(`im${i},p${i % 6},${i % 2 ? 'mel' : 'nv'}`);
    }
    const csv = await writeText(join(folder, 'labels.csv'), ['id,patient,dx', ...rows].join('\n'));
    return {
      name: 'imageCsv',
      csv,
      idColumn: 'id',
      patientColumn: 'patient',
      labelColumn: 'dx',
      size: [8, 9],
    };
  },
  async imageFolder(folder) {
    for (let i = 0; i < 12; i++) {
      await writeImage(join(folder, i % 2 ? 'sick' : 'healthy', `p${i % 6}-${i}.jpg`), colours(i));
    }
    return { name: 'imageFolder', directory: folder, patientPattern: '^(p\\d+)-', channels: 1, size: [8, 9] };
  },
  async imageMasks(folder) {
    for (let i = 0; i < 12; i++) {
      await writeImage(join(folder, 'images', `p${i % 6}-${i}.jpg`), colours(i));
      const disc = raster(12, 10, 1, (row, column) => (Math.hypot(row - 5, column - 6) < i % 5 ? 255 : 0));
      await writeImage(join(folder, 'masks', `p${i % 6}-${i}_mask.png`), disc);
    }
    const [images, masks] = [join(folder, 'images'), join(folder, 'masks')];
    return {
      name: 'imageMasks',
      images,
      masks,
      maskSuffix: '_mask',
      patientPattern: '^(p\\d+)-',
      size: [8, 9],
    };
  },
  async medmnist() {
    const file = fileURLToPath(new URL('../golden/data/tiny-mnist.npz', import.meta.url));
    return { name: 'medmnist', file, size: [6, 5] };
  },
  async niftiSlices(folder) {
    for (let i = 0; i < 6; i++) {
      const values = counted(48).map((at) => (at * (i + 3)) % 29);
      const labels = values.map((value) => (value > 20 ? 1 : 0));
      await writeNifti(join(folder, 'images', `p${i}.nii.gz`), { shape: [4, 6, 2], values });
      await writeNifti(join(folder, 'masks', `p${i}.nii.gz`), { shape: [4, 6, 2], values: labels, type: 2 });
    }
    return { name: 'niftiSlices', images: join(folder, 'images'), masks: join(folder, 'masks') };
  },
  skinLesions: async () => ({ name: 'skinLesions', count: 12, size: 24 }),
};

for (const name of Object.keys(registry) as (keyof typeof registry)[]) {
  test(`${name}: every sample is as the dataset says`, async (context) => {
    const dataset = await openDataset(await fixtures[name](await temporaryFolder(context)));
    const [height, width, channels] = dataset.imageShape;
    assert.ok(dataset.samples.length >= 6);
    assert.equal(new Set(dataset.samples.map(({ id }) => id)).size, dataset.samples.length, 'ids are unique');
    for (const [index, info] of dataset.samples.entries()) {
      const sample = await dataset.read(index);
      assert.equal(sample.id, info.id);
      assert.equal(sample.pixels.length, height * width * channels);
      assert.ok(
        sample.pixels.every((value) => value >= 0 && value <= 1),
        'pixels in [0, 1]',
      );
      const labels = typeof sample.label === 'number' ? [sample.label] : sample.label;
      assert.equal(labels.length, dataset.task === 'classification' ? 1 : height * width);
      assert.equal(info.label, dataset.task === 'classification' ? sample.label : undefined);
      for (const label of labels)
        assert.ok(Number.isInteger(label) && label >= 0 && label < dataset.classes.length);
    }
  });

  test(`${name}: reading again, and opening again, gives the same; another index does not`, async (context) => {
    const choice = await fixtures[name](await temporaryFolder(context));
    const [first, second] = [await openDataset(choice), await openDataset(choice)];
    assert.deepEqual(second.samples, first.samples);
    const sample = await first.read(2);
    const other = await first.read(3);
    assert.deepEqual(await first.read(2), sample);
    assert.deepEqual(await second.read(2), sample);
    assert.notDeepEqual(other.pixels, sample.pixels);
  });

  test(`${name}: no patient is in two splits`, async (context) => {
    const dataset = await openDataset(await fixtures[name](await temporaryFolder(context)));
    const splits = splitDataset(dataset, { validation: 0.34, test: 0.17 }, createRandom(5));
    const seen = new Map<string, string>();
    for (const [split, { samples }] of Object.entries(splits)) {
      for (const { patient } of samples) {
        assert.equal(seen.get(patient) ?? split, split, patient);
        seen.set(patient, split);
      }
    }
    const total = splits.train.samples.length + splits.validation.samples.length + splits.test.samples.length;
    assert.equal(total, dataset.samples.length);
  });

  test(`${name}: the files that a sample is made of are there`, async (context) => {
    const dataset = await openDataset(await fixtures[name](await temporaryFolder(context)));
    for (const index of dataset.samples.keys()) {
      for (const file of dataset.filesOf?.(index) ?? []) assert.ok(existsSync(file), file);
    }
  });

  test(`${name}: an option it does not have is refused with those it has`, async () => {
    const choice = { name, sise: 3 } as unknown as DatasetChoice;
    await assert.rejects(
      openDataset(choice),
      says(UsageError, `${name} has no option "sise"`, 'Its options: '),
    );
  });
}

test('an unknown format is refused with those there are', async () => {
  const choice = { name: 'dicomm' } as unknown as DatasetChoice;
  await assert.rejects(
    openDataset(choice),
    says(UsageError, 'no dataset "dicomm"', 'imageFolder, imageMasks'),
  );
});
