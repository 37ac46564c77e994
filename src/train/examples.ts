// Adversarial images to look at.

import * as tf from '@tensorflow/tfjs';
import type { Attack, Target } from '../attacks/attack.ts';
import { takeTarget } from '../attacks/context.ts';
import { craft } from '../attacks/craft.ts';
import { type AttackChoice, createAttack } from '../attacks/create.ts';
import { imagesOf, rowsOf, takeRows } from '../attacks/rows.ts';
import type { NormName, ThreatModel } from '../attacks/threat.ts';
import { gradientLog } from '../attacks/watch.ts';
import { batches } from '../data/batches.ts';
import { type Batch, type Dataset, describeLabels } from '../data/dataset.ts';
import { type LossChoice, lossOf } from '../losses/create.ts';
import type { Random } from '../random.ts';
import { drawGallery, type GalleryImage } from '../report/gallery.ts';
import { formatEpsilon } from '../report/numbers.ts';
import type { KeptImages } from '../robustness/kept-images.ts';
import { ssim } from '../robustness/ssim.ts';
import type { Classifier } from '../robustness/target.ts';

export interface ExampleOptions {
  readonly attacks: readonly AttackChoice[];
  readonly norm: NormName;
  readonly epsilon: number;
  readonly loss: LossChoice;
  readonly random: Random;
  /** Images that were made already; the others are made here. */
  readonly made?: KeptImages['pixels'];
}

/** Rows of the picture: enough to see a pattern, few enough to cost little beside the curves. */
export const EXAMPLES = 4;

/** Images of a dataset beside what each attack makes of them. */
export interface Examples {
  readonly task: Dataset['task'];
  readonly classes: readonly string[];
  readonly norm: NormName;
  readonly epsilon: number;
  readonly rows: readonly ExampleRow[];
}

export interface ExampleRow {
  readonly id: string;
  readonly truth: { readonly caption: string; readonly classMap: Int32Array };
  readonly clean: Seen;
  readonly adversarial: readonly (Seen & {
    readonly attack: string;
    /** Structural similarity to the clean image. */
    readonly ssim: number;
  })[];
}

/** The first images of `dataset` under each attack. */
export async function makeExamples(
  net: Classifier,
  dataset: Dataset,
  options: ExampleOptions,
): Promise<Examples> {
  const { attacks, norm, epsilon, loss, random, made: before } = options;
  const { task, classes } = dataset;
  const size = Math.min(EXAMPLES, dataset.samples.length);
  for await (using batch of batches(dataset, { size, prefetch: 0 })) {
    const { images, labels } = batch;
    const target = { logits: net.logits, labels, loss: lossOf(loss) };
    const clean = seen(net, images, dataset);
    const adversarial = attacks.map((choice) => {
      const attack = createAttack(choice);
      const own = random.stream(attack.name);
      const moved = attackedImages(batch, target, { attack, threat: { norm, epsilon }, random: own, before });
      const similar = ssim(images, moved);
      const made = seen(net, moved, dataset);
      moved.dispose();
      return made.map((image, i) => ({ ...image, attack: attack.name, ssim: similar[i] as number }));
    });
    const truth = labelsOf(labels, dataset);
    const rows = clean.map((image, i) => ({
      id: batch.ids[i] as string,
      truth: truth[i] as ExampleRow['truth'],
      clean: image,
      adversarial: adversarial.map((made) => made[i] as ExampleRow['adversarial'][number]),
    }));
    return { task, classes, norm, epsilon, rows };
  }
  throw new RangeError(`${dataset.name} has no image to show.`);
}

/** What an attack made of the images of a batch, or makes of them now. */
function attackedImages(
  { ids, images }: Batch,
  target: Target,
  how: {
    readonly attack: Attack;
    readonly threat: ThreatModel;
    readonly random: Random;
    readonly before: ExampleOptions['made'];
  },
): tf.Tensor4D {
  const { attack, threat, random, before } = how;
  const pixels = ids.map((id) => before?.get(attack.name)?.get(id));
  const missing = [...pixels.keys()].filter((row) => pixels[row] === undefined);
  tf.tidy(() => {
    if (missing.length === 0) return;
    const [clean, under] = [takeRows(images, missing), takeTarget(target, missing)];
    const moved = craft(attack, clean, under, threat, random, gradientLog());
    for (const [i, row] of rowsOf(moved).entries()) pixels[missing[i] as number] = row.slice();
  });
  return imagesOf(pixels as Float32Array[], images);
}

/** A PNG of all, with what the net takes each image for. */
export function drawExamples({ task, classes, norm, epsilon, rows }: Examples): Promise<Uint8Array> {
  return drawGallery(
    rows.map(({ id, truth, clean, adversarial }) => ({
      clean,
      adversarial,
      captions: [
        `${id}\n${truth.caption}, found: ${clean.caption}`,
        ...adversarial.map(({ attack, caption }) => `${attack}\n${caption}`),
      ],
      ...(task === 'segmentation' && { labels: truth.classMap }),
    })),
    { title: `${norm} epsilon ${formatEpsilon(epsilon, norm)}`, classes },
  );
}

/** An image, and what the net takes it for. */
export interface Seen extends GalleryImage {
  /** The class, all labels, or how much of the image is not background. */
  readonly caption: string;
}

const captions: Readonly<Record<Dataset['task'], (found: Int32Array, classes: readonly string[]) => string>> =
  {
    classification: ([label = 0], classes) => classes[label] ?? '',
    multilabel: describeLabels,
    segmentation: (found) =>
      `${((100 * found.filter((label) => label > 0).length) / found.length).toFixed(1)} %`,
  };

function seen(net: Classifier, images: tf.Tensor4D, dataset: Dataset): Seen[] {
  const predicted = tf.tidy(() => net.logits(images).argMax(-1).dataSync<'int32'>());
  const pixels = images.dataSync<'float32'>();
  const shape = dataset.imageShape;
  const length = shape[0] * shape[1] * shape[2];
  return classesOf(predicted, images.shape[0], dataset).map(({ caption, classMap }, i) => ({
    pixels: pixels.slice(i * length, (i + 1) * length),
    shape,
    caption,
    ...(dataset.task === 'segmentation' && { predicted: classMap }),
  }));
}

function labelsOf(labels: tf.Tensor, dataset: Dataset) {
  return classesOf(labels.dataSync<'int32'>(), labels.shape[0] as number, dataset);
}

/** The classes of each image, and in words: the class, all labels, or how much of the image is not background. */
function classesOf(values: Int32Array, count: number, { task, classes }: Dataset) {
  const places = values.length / count;
  return Array.from({ length: count }, (_, i) => {
    const classMap = values.slice(i * places, (i + 1) * places);
    return { classMap, caption: captions[task](classMap, classes) };
  });
}
