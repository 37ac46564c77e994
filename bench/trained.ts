// A net trained for a comparison of attacks, and the images that are attacked: what bench/train-net.ts leaves behind.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import type { Batch, ImageShape, Task } from '../src/data/dataset.ts';
import { openLayersModel } from '../src/exchange/layers-model.ts';

export const summaryFile = 'summary.json';

export interface Summary {
  /** As torchvision calls it. */
  readonly net: string;
  /** Channels of the first stage of a ResNet, and what multiplies those of a MobileNet; absent, as torchvision has them. */
  readonly filters?: number;
  readonly width?: number;
  readonly task: Task;
  readonly imageShape: ImageShape;
  readonly classes: number;
  /** How many images are attacked, and how many at once. */
  readonly count: number;
  readonly batch: number;
}

export interface TrainedNet extends Summary {
  readonly model: tf.LayersModel;
  /** At most `limit` of the images. */
  batches(limit?: number): AsyncGenerator<Batch>;
}

const arrayOf = async (path: string) => {
  const file = await readFile(path);
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
};

export async function openTrained(folder: string): Promise<TrainedNet> {
  const summary = JSON.parse(await readFile(join(folder, summaryFile), 'utf8')) as Summary;
  const pixels = new Float32Array(await arrayOf(join(folder, 'pixels')));
  const labels = new Int32Array(await arrayOf(join(folder, 'labels')));
  const { imageShape, task, count, batch } = summary;
  const [height, width, channels] = imageShape;
  const size = height * width * channels;
  const places = task === 'segmentation' ? height * width : 1;
  return {
    ...summary,
    model: await openLayersModel(join(folder, 'model.json')),
    async *batches(limit = count) {
      for (let from = 0; from < Math.min(limit, count); from += batch) {
        const to = Math.min(from + batch, limit, count);
        const own = labels.slice(from * places, to * places);
        const images = tf.tensor4d(pixels.slice(from * size, to * size), [to - from, ...imageShape]);
        const shape = task === 'segmentation' ? [to - from, height, width] : [to - from];
        const truth = tf.tensor(own, shape, 'int32');
        yield {
          ids: Array.from({ length: to - from }, (_, i) => String(from + i)),
          images,
          labels: truth,
          [Symbol.dispose]: () => tf.dispose([images, truth]),
        };
      }
    },
  };
}
