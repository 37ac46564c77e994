// Adversarial images to look at.

import * as tf from '@tensorflow/tfjs';
import { type AttackChoice, createAttack } from '../attacks/create.ts';
import { craft } from '../attacks/craft.ts';
import type { NormName } from '../attacks/threat.ts';
import { gradientLog } from '../attacks/watch.ts';
import { batches } from '../data/batches.ts';
import type { Dataset, ImageShape } from '../data/dataset.ts';
import { type LossName, lossOf } from '../losses/create.ts';
import type { Random } from '../random.ts';
import { drawGallery } from '../report/gallery.ts';
import type { Classifier } from '../robustness/target.ts';

export interface ExampleOptions {
  readonly attacks: readonly AttackChoice[];
  readonly norm: NormName;
  readonly epsilon: number;
  readonly loss: LossName;
  readonly random: Random;
}

/** Rows of the picture: enough to see a pattern, few enough to cost little beside the curves. */
const ROWS = 4;

/** A PNG: the first images of `dataset`, what each attack makes of them, and what the net takes them for. */
export async function drawExamples(net: Classifier, dataset: Dataset, options: ExampleOptions): Promise<Uint8Array> {
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
    return drawGallery(
      clean.map((image, i) => ({
        clean: image,
        adversarial: adversarial.map((made) => made.images[i] ?? image),
        captions: [image.caption, ...adversarial.map((made) => `${made.attack}: ${made.images[i]?.caption}`)],
      })),
    );
  }
  throw new RangeError(`${dataset.name} has no image to show.`);
}

interface Seen {
  readonly pixels: Float32Array;
  readonly shape: ImageShape;
  /** The class; in segmentation, the part of the image that is not background. */
  readonly caption: string;
}

function seen(net: Classifier, images: tf.Tensor4D, { imageShape, classes, task }: Dataset): Seen[] {
  const predicted = tf.tidy(() => net.logits(images).argMax(-1).dataSync<'int32'>());
  const pixels = images.dataSync<'float32'>();
  const length = imageShape[0] * imageShape[1] * imageShape[2];
  const places = predicted.length / images.shape[0];
  return Array.from({ length: images.shape[0] }, (_, i) => {
    const labels = predicted.subarray(i * places, (i + 1) * places);
    const found = labels.filter((label) => label > 0).length / places;
    const caption = task === 'classification' ? (classes[labels[0] ?? 0] ?? '') : `${(100 * found).toFixed(1)} % found`;
    return { pixels: pixels.slice(i * length, (i + 1) * length), shape: imageShape, caption };
  });
}
