import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDataset } from '../src/data/create.ts';
import type { Side } from './processes.ts';
import { median, type Row, ratioOf } from './rows.ts';

interface Measured {
  /** Of all threads, for an image: what it costs of a core. */
  readonly cpuMs: number;
  readonly version?: string;
}

/** Drawn lesions of 256 × 256 as JPEG; in the place of these the images of $ISIC2017/images, where that is set. */
async function imagesIn(folder: string): Promise<string> {
  const real = process.env.ISIC2017;
  if (real) return join(real, 'images');
  const path = join(folder, 'images');
  mkdirSync(path, { recursive: true });
  if (readdirSync(path).length > 0) return path;
  const drawn = await openDataset({ name: 'skinLesions', count: 50, size: 256 });
  for (const index of drawn.samples.keys()) {
    const { id, pixels } = await drawn.read(index);
    const bytes = Uint8Array.from(pixels, (value) => Math.round(255 * value));
    await sharp(bytes, { raw: { width: 256, height: 256, channels: 3 } })
      .jpeg({ quality: 95 })
      .toFile(join(path, `${id}.jpg`));
  }
  return path;
}

/** PyTorch may be there without torchvision. */
function importsTorchvision({ torch }: Side): Side['torch'] {
  try {
    torch?.('peers/torch_loader.py', ['--check']);
    return torch;
  } catch {
    console.error('torchvision cannot be imported: timing our side only.');
    return undefined;
  }
}

/** Decoding and resizing of a JPEG to `size` × `size` floats: processor time of an image, on either side. */
export async function compareLoader(side: Side, size: number): Promise<Row> {
  const { rounds, seconds } = side;
  const args = [await imagesIn(side.folder), String(size), String(seconds)];
  const ours: Measured[] = [];
  const theirs: Measured[] = [];
  const torchvision = importsTorchvision(side);
  for (let round = 0; round < rounds; round++) {
    ours.push(side.ours<Measured>('loader.ts', args));
    if (torchvision) theirs.push(torchvision<Measured>('peers/torch_loader.py', args));
  }
  const times = ours.map(({ cpuMs }) => cpuMs);
  const images = process.env.ISIC2017 ? 'ISIC 2017' : 'drawn lesions';
  const row: Row = {
    kind: 'loader',
    name: `${images}, JPEG to ${size} × ${size}`,
    precision: 'f32',
    engine: '@napi-rs/image',
    oursMs: median(times),
    rounds,
    seconds,
  };
  if (theirs.length === 0) return row;
  return {
    ...row,
    reference: theirs[0]?.version ?? '',
    ...ratioOf(
      times,
      theirs.map(({ cpuMs }) => cpuMs),
    ),
  };
}
