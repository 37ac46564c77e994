import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { magnifiedDifference } from '../../report/difference.ts';
import { drawImage, drawOverlay, type GalleryImage } from '../../report/gallery-image.ts';
import type { AdversarialData, GalleryData, GalleryRowData, SeenData } from '../../report/page/data.ts';
import { maskColour } from '../../report/palette.ts';
import type { ExampleRow, Examples, Seen } from '../examples.ts';

/** The newest attacked images of a run; of runs that kept a picture only, that. */
export async function readGallery(run: string): Promise<GalleryData | undefined> {
  const names = await readdir(join(run, 'images')).catch(() => []);
  const epochs = names.map((name) => Number(/^epoch-(\d+)-examples\.png$/.exec(name)?.[1] ?? 'NaN'));
  const epoch = Math.max(0, ...epochs.filter(Number.isInteger));
  if (epoch === 0) return undefined;
  const path = join(run, 'images', `epoch-${String(epoch).padStart(4, '0')}-examples`);
  try {
    return JSON.parse(await readFile(`${path}.json`, 'utf8')) as GalleryData;
  } catch {
    const png = (await readFile(`${path}.png`)).toString('base64');
    return { epoch, norm: '', epsilon: 0, key: [], rows: [], picture: `data:image/png;base64,${png}` };
  }
}

/** Pixels of the longer side of a mask: its outlines are finer than the pixels of small images. */
const maskSize = 384;

/** Attacked images for the page: pictures within JSON, with similarity and norms. */
export async function describeExamples(examples: Examples, epoch: number): Promise<GalleryData> {
  const { task, classes, norm, epsilon, rows } = examples;
  const masks = task === 'segmentation';
  const key = masks ? classes.slice(1).map((name, i) => ({ name, colour: maskColour(i + 1) })) : [];
  return { epoch, norm, epsilon, key, rows: await Promise.all(rows.map((row) => describeRow(row, masks))) };
}

async function describeRow(row: ExampleRow, masks: boolean): Promise<GalleryRowData> {
  const { id, truth, clean, adversarial } = row;
  const labels = masks
    ? { labels: uri(await drawOverlay('labels', truth.classMap, clean.shape, maskSize)) }
    : {};
  const attacked = adversarial.map(async (made): Promise<AdversarialData> => {
    const { image, factor } = magnifiedDifference(clean, made);
    return {
      ...(await describeSeen(made)),
      ...{ attack: made.attack, difference: uri(await drawImage(image)), factor, ssim: made.ssim },
      ...normsBetween(clean, made),
    };
  });
  return {
    id,
    truth: truth.caption,
    ...labels,
    clean: await describeSeen(clean),
    adversarial: await Promise.all(attacked),
  };
}

async function describeSeen(image: Seen): Promise<SeenData> {
  const [height, width] = image.shape;
  const { caption, predicted } = image;
  return {
    ...{ image: uri(await drawImage(image)), width, height, found: caption },
    ...(predicted && { prediction: uri(await drawOverlay('prediction', predicted, image.shape, maskSize)) }),
  };
}

/** Norms of the difference, and the share of pixels (not of values) that changed. */
function normsBetween(clean: GalleryImage, made: GalleryImage) {
  const [height, width, channels] = clean.shape;
  const change = made.pixels.map((value, i) => Math.abs(value - (clean.pixels[i] as number)));
  let changed = 0;
  for (let pixel = 0; pixel < height * width; pixel++) {
    if (change.subarray(pixel * channels, (pixel + 1) * channels).some((value) => value > 0)) changed++;
  }
  return {
    linf: change.reduce((most, value) => Math.max(most, value), 0),
    l2: Math.sqrt(change.reduce((sum, value) => sum + value ** 2, 0)),
    l0: changed / (height * width),
  };
}

const uri = (png: Buffer) => `data:image/png;base64,${png.toString('base64')}`;
