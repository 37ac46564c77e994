// What is mutated: small files of every kind that the program reads, and how it reads them.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { openDataset } from '../../src/data/create.ts';
import { decodeImage } from '../../src/data/image-file.ts';
import { decodeMask } from '../../src/data/mask-file.ts';
import { readVolume } from '../../src/data/nifti/volume.ts';
import { requireSound } from '../../src/data/sharp-file.ts';
import { readTable } from '../../src/data/table.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { readWeightsFile } from '../../src/exchange/weights-file.ts';
import { createNet } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import { checkExperiment } from '../../src/train/check-experiment.ts';
import { loadCheckpoint, saveCheckpoint } from '../../src/train/checkpoints.ts';
import { readDataRecord } from '../../src/train/data-record.ts';
import { createOptimizer } from '../../src/train/optimizers.ts';
import { readEnvironment, readExperiment, readRecords } from '../../src/train/run-directory.ts';
import { trainableWeights } from '../../src/train/step.ts';
import { packedDicom } from '../data/dicom/pack.ts';
import { type DicomFile, dicomBytes, pixelBytes, rleBytes, syntaxes } from '../data/dicom/write.ts';
import { counted, niftiBytes } from '../data/nifti/write.ts';
import { npyBytes } from '../data/npy.ts';
import { withChecksums } from '../data/png.ts';
import { loadGolden } from '../golden/load.ts';

/** As `--resume` and `evaluate` begin. */
async function readRun(path: string): Promise<void> {
  checkExperiment(await readExperiment(path));
  await readEnvironment(path);
  await readDataRecord(path);
}

export interface Format {
  /** Whole files, by the name that they are written under. */
  readonly seeds: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Makes checksums hold in every other damaged file, so that readers come to what lies behind them. */
  readonly repair?: (bytes: Buffer) => Buffer;
  /** Ways to read a file; each throws what the reader throws. The first reads all seeds. */
  readonly readers: readonly ((file: string) => Promise<unknown>)[];
}

const target = { imageShape: [8, 9, 3], fit: 'squash', window: { low: 0, high: 100 } } as const;

const readImage = (file: string) => decodeImage(file, target);
const readMask = (file: string) => decodeMask(file, target);
const readOverlays = (file: string) => {
  const { window: _, ...shown } = target;
  return decodeImage(file, { ...shown, overlays: true });
};

async function dicomSeeds(): Promise<Format['seeds']> {
  const plain: DicomFile = { rows: 4, columns: 4, frames: '2', pixels: pixelBytes(counted(32), 16) };
  const colours: DicomFile = {
    ...{ rows: 4, columns: 4, bits: 8, samples: 3, photometric: 'YBR_FULL' },
    pixels: pixelBytes(counted(48), 8),
  };
  const palette = {
    ...{
      rows: 4,
      columns: 4,
      bits: 8 as const,
      photometric: 'PALETTE COLOR',
      pixels: pixelBytes(counted(16), 8),
    },
    more: [
      ...[0x1101, 0x1102, 0x1103].map((tag) => [tag, 'US', [2, 4, 16]] as const),
      ...[0x1201, 0x1202, 0x1203].map((tag) => [tag, 'OW', [0, 65535]] as const),
    ],
  };
  const windowed: DicomFile = {
    ...plain,
    more: [
      [0x1050, 'DS', '10'],
      [0x1051, 'DS', '20'],
      [0x1053, 'DS', '0.5'],
    ],
  };
  const rle: DicomFile = {
    syntax: syntaxes.rle,
    rows: 4,
    columns: 4,
    bits: 8,
    pixels: [rleBytes([Uint8Array.from(counted(16))])],
  };
  const files = [
    dicomBytes(windowed),
    dicomBytes({ ...plain, syntax: syntaxes.implicit }),
    dicomBytes({ ...plain, syntax: syntaxes.bigEndian }),
    dicomBytes({ ...plain, syntax: syntaxes.deflated }, deflateRawSync),
    dicomBytes(colours),
    dicomBytes(palette),
    dicomBytes(rle),
    // With look-up tables and overlays, of another writer.
    ...loadGolden<{ name: string; bytes: string }[]>('data/dicom-shown')
      .filter(({ name }) => /^(look-up|modality|overlays)/.test(name))
      .map(({ bytes }) => Buffer.from(bytes, 'base64')),
    ...(await Promise.all(
      (['.4.50', '.4.70', '.4.80', '.4.90', '.4.201'] as const).map((syntax) =>
        packedDicom(
          syntax,
          16,
          counted(256).map((i) => (i * 7) % 199),
        ),
      ),
    )),
  ];
  return files.map((bytes) => ({ name: 'scan.dcm', bytes }));
}

function npzBytes(): Uint8Array {
  const entries: Record<string, Uint8Array> = {};
  for (const [split, count] of [
    ['train', 4],
    ['val', 2],
    ['test', 2],
  ] as const) {
    entries[`${split}_images.npy`] = npyBytes('|u1', [count, 4, 4], Uint8Array.from(counted(16 * count)));
    entries[`${split}_labels.npy`] = npyBytes(
      '|u1',
      [count, 1],
      Uint8Array.from(counted(count), (i) => i % 2),
    );
  }
  return zipSync(entries);
}

async function imageSeeds(
  formats: readonly ('png' | 'tiff' | 'jpeg' | 'gif' | 'webp')[],
): Promise<Format['seeds']> {
  const seeds: { name: string; bytes: Uint8Array }[] = [];
  for (const format of formats) {
    const bytes = Uint8Array.from(counted(432), (i) => i * 5);
    const wide = Uint16Array.from(counted(144), (i) => i * 400);
    const colours = sharp(bytes, { raw: { width: 12, height: 12, channels: 3 } });
    const grey = sharp(wide, { raw: { width: 12, height: 12, channels: 1 } }).toColourspace('grey16');
    seeds.push({ name: `a.${format}`, bytes: await colours.clone().toFormat(format).toBuffer() });
    if (format === 'png') seeds.push({ name: 'a.png', bytes: await grey.png().toBuffer() });
    if (format !== 'tiff') continue;
    for (const compression of ['none', 'packbits', 'lzw', 'deflate'] as const) {
      seeds.push({ name: 'a.tiff', bytes: await colours.clone().tiff({ compression }).toBuffer() });
    }
    seeds.push({ name: 'a.tiff', bytes: await grey.tiff({ compression: 'lzw' }).toBuffer() });
  }
  return seeds;
}

/** Of the kinds that are decoded by themselves, several scans and tables, and large enough to be damaged within. */
async function jpegSeeds(): Promise<Format['seeds']> {
  const bytes = Uint8Array.from(counted(3 * 40 * 40), (i) => (i * i) % 251);
  const colours = sharp(bytes, { raw: { width: 40, height: 40, channels: 3 } });
  const options = [
    {},
    { progressive: true },
    { quality: 40, optimiseCoding: false },
    { chromaSubsampling: '4:4:4' },
  ];
  const images = [...options.map((one) => colours.clone().jpeg(one)), colours.clone().greyscale().jpeg()];
  const turned = colours.clone().jpeg().withMetadata({ orientation: 6 });
  return Promise.all(
    [...images, turned].map(async (image) => ({ name: 'a.jpg', bytes: await image.toBuffer() })),
  );
}

/** The small ones that other writers gave us. */
async function safetensorsSeeds(): Promise<Format['seeds']> {
  const folder = new URL('../golden/exchange/', import.meta.url);
  const names = ['types.safetensors', 'types.safetensors', 'resnet.io.safetensors'];
  return Promise.all(
    names.map(async (name) => ({ name: 'a.safetensors', bytes: await readFile(new URL(name, folder)) })),
  );
}

/** What a run writes beside its checkpoints, and others of our commands read. */
const runFiles: Readonly<Record<string, unknown>> = {
  'experiment.json': {
    ...{ name: 'demo', seed: 1, loss: 'crossEntropy', epochs: 2, metrics: ['accuracy'] },
    data: { dataset: { name: 'skinLesions', count: 8, size: 16 }, batchSize: 2 },
    net: { name: 'cifarResnet', depth: 8 },
    optimizer: { name: 'adam', learningRate: 0.01 },
    robustness: { attacks: [{ name: 'fgsm' }], norm: 'linf', epsilons: [0, 0.01], everyEpochs: 1, images: 2 },
    checkpoints: { best: 'validation/accuracy' },
  },
  'data.json': { splits: { train: ['a', 'b'], validation: ['c'], test: ['d'] } },
  'environment.json': { medrobust: '0.1.0', engine: 'cpu', threads: 1, command: 'medrobust train demo' },
};

/** The files of a checkpoint, one of which is mutated while the others stay. */
async function checkpointSeeds(folder: string): Promise<Format['seeds']> {
  await useEngine('cpu');
  const shape = { task: 'segmentation', imageShape: [8, 8, 1], classes: 2 } as const;
  const net = createNet({ name: 'unet', depth: 1, filters: 2 }, shape, createRandom(1));
  const optimizer = createOptimizer({ name: 'adam' }, trainableWeights(net));
  const position = { epoch: 1, batch: 0, step: 10, lossSum: 0.5, images: 4 };
  await saveCheckpoint(folder, 'epoch-0001', { net, optimizer, position });
  const names = ['state.json', 'state.json', 'model.json', 'weights.bin', 'optimizer.bin'];
  return Promise.all(
    names.map(async (name) => ({
      name: `epoch-0001/${name}`,
      bytes: await readFile(join(folder, 'epoch-0001', name)),
    })),
  );
}

/** Every format, with its seeds. `folder` is where files are written. */
export async function createFormats(folder: string): Promise<Record<string, Format>> {
  const volume = { shape: [4, 3, 2, 2], values: counted(48), type: 4 };
  const small = niftiBytes(volume);
  const checkpoint = await checkpointSeeds(folder);
  const record = `${JSON.stringify({ epoch: 1, measurements: { 'train/loss': 0.5 } })}\n`;
  const run = join(folder, 'run');
  await mkdir(run);
  const runSeeds = Object.entries(runFiles).map(([name, content]) => ({
    name: `run/${name}`,
    bytes: Buffer.from(JSON.stringify(content)),
  }));
  for (const { name, bytes } of runSeeds) await writeFile(join(folder, name), bytes);
  return {
    nifti: {
      seeds: [
        { name: 'a.nii', bytes: small },
        { name: 'a.nii', bytes: niftiBytes({ ...volume, version: 2, littleEndian: false, type: 16 }) },
        { name: 'a.nii.gz', bytes: gzipSync(small) },
      ],
      readers: [readImage, readMask, readVolume],
    },
    dicom: { seeds: await dicomSeeds(), readers: [readImage, readMask, readOverlays] },
    npy: {
      seeds: [
        { name: 'a.npy', bytes: npyBytes('|u1', [4, 4], Uint8Array.from(counted(16))) },
        { name: 'a.npy', bytes: npyBytes('>f4', [2, 4, 3], new Uint8Array(96)) },
      ],
      readers: [readImage, readMask],
    },
    npz: {
      seeds: [{ name: 'a.npz', bytes: npzBytes() }],
      readers: [async (file) => (await openDataset({ name: 'medmnist', file })).read(0)],
    },
    csv: {
      seeds: [
        { name: 'a.csv', bytes: Buffer.from('image_id,dx,age\n"a","nv",40\nb,mel,\n"c ""x""",nv,7\n') },
        { name: 'a.tsv', bytes: Buffer.from('﻿image_id\tdx\na\tnv\r\nb\tmel\r\n') },
      ],
      readers: [(file) => readTable('fuzz', 'csv', file)],
    },
    png: { seeds: await imageSeeds(['png']), readers: [readImage, readMask], repair: withChecksums },
    tiff: { seeds: await imageSeeds(['tiff']), readers: [readImage, readMask] },
    jpeg: { seeds: await jpegSeeds(), readers: [readImage, readMask, requireSound] },
    safetensors: { seeds: await safetensorsSeeds(), readers: [readWeightsFile] },
    run: {
      seeds: runSeeds,
      readers: [
        async (file) => {
          try {
            await readRun(run);
          } finally {
            const whole = runSeeds.find(({ name }) => file.endsWith(name));
            await writeFile(file, whole?.bytes ?? '');
          }
        },
      ],
    },
    pictures: { seeds: await imageSeeds(['jpeg', 'gif', 'webp']), readers: [readImage, readMask] },
    checkpoint: {
      seeds: checkpoint,
      readers: [
        async (file) => {
          try {
            await loadCheckpoint(join(folder, 'epoch-0001'));
          } finally {
            const whole = checkpoint.find(({ name }) => file.endsWith(name));
            await writeFile(file, whole?.bytes ?? '');
          }
        },
      ],
    },
    records: {
      seeds: [{ name: 'metrics.jsonl', bytes: Buffer.from(record.repeat(3)) }],
      readers: [() => readRecords(folder)],
    },
  };
}
