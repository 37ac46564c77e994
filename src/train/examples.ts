// Adversarial images to look at.

import * as tf from '@tensorflow/tfjs';
import { craft } from '../attacks/craft.ts';
import { type AttackChoice, createAttack } from '../attacks/create.ts';
import type { NormName } from '../attacks/threat.ts';
import { gradientLog } from '../attacks/watch.ts';
import { batches } from '../data/batches.ts';
import type { Dataset } from '../data/dataset.ts';
import { type LossChoice, lossOf } from '../losses/create.ts';
import type { Random } from '../random.ts';
import { drawGallery, type GalleryImage } from '../report/gallery.ts';
import type { Classifier } from '../robustness/target.ts';
import { epsilonOf } from './epsilon.ts';

export interface ExampleOptions {
  readonly attacks: readonly AttackChoice[];
  readonly norm: NormName;
  readonly epsilon: number;
  readonly loss: LossChoice;
  readonly random: Random;
}

/** Rows of the picture: enough to see a pattern, few enough to cost little beside the curves. */
const ROWS = 4;

/** A PNG: the first images of `dataset`, what each attack makes of them, and what the net takes them for. */
export async function drawExamples(
  net: Classifier,
  dataset: Dataset,
  options: ExampleOptions,
): Promise<Uint8Array> {
  const { attacks, norm, epsilon, loss, random } = options;
  const rows = Math.min(ROWS, dataset.samples.length);
  for await (using batch of batches(dataset, { size: rows, prefetch: 0 })) {
    const { images, labels } = batch;
    const target = { logits: net.logits, labels, loss: lossOf(loss) };
    const clean = seen(net, images, dataset);
    const adversarial = attacks.map((choice) => {
      const attack = createAttack(choice);
      const threat = { norm, epsilon };
      const moved = craft(attack, images, target, threat, random.stream(attack.name), gradientLog());
      const made = seen(net, moved, dataset);
      moved.dispose();
      return { attack: attack.name, images: made };
    });
    const truth = labelsOf(labels, dataset);
    return drawGallery(
      clean.map((image, i) => ({
        clean: image,
        adversarial: adversarial.map((made) => made.images[i] as Seen),
        captions: [
          `${batch.ids[i]}\n${truth[i]?.caption}, found: ${image.caption}`,
          ...adversarial.map((made) => `${made.attack}\n${made.images[i]?.caption}`),
        ],
        ...(dataset.task === 'segmentation' && { labels: truth[i]?.classMap ?? [] }),
      })),
      { title: `${norm} epsilon ${epsilonOf(epsilon)}`, classes: dataset.classes },
    );
  }
  throw new RangeError(`${dataset.name} has no image to show.`);
}

interface Seen extends GalleryImage {
  /** What the net takes it for. */
  readonly caption: string;
}

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

/** The classes of each image, and in words: the class, or how much of the image is not background. */
function classesOf(values: Int32Array, count: number, { task, classes }: Dataset) {
  const places = values.length / count;
  return Array.from({ length: count }, (_, i) => {
    const classMap = values.slice(i * places, (i + 1) * places);
    const share = classMap.filter((label) => label > 0).length / places;
    const caption =
      task === 'classification' ? (classes[classMap[0] ?? 0] ?? '') : `${(100 * share).toFixed(1)} %`;
    return { classMap, caption };
  });
}
