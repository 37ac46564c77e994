// The Inception nets as published, against PyTorch: at full width and depth, their weights generated.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { createNet, type NetChoice } from '../../src/nets/create.ts';
import { createRandom, type Random } from '../../src/random.ts';
import { loadGolden } from '../golden/load.ts';
import { relativeToMaximum } from '../support.ts';
import { mulberry32 } from './reference.ts';

interface Case {
  readonly reference: string;
  readonly choice: NetChoice;
  readonly side: number;
  /** Of two images. */
  readonly logits: number[][];
}

const zeros: Random = {
  ...createRandom(0),
  stream: () => zeros,
  uniforms: (length) => new Float32Array(length),
};

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value;
}

/** Uniform in [low, high), by a generator of this name's own. */
function generate(name: string, shape: number[], low: number, high: number): tf.Tensor {
  const uniform = mulberry32(hash(name));
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  for (let i = 0; i < values.length; i++) values[i] = low + (high - low) * uniform();
  return tf.tensor(values, shape);
}

function rangeOf(name: string, shape: number[]): [low: number, high: number] {
  const limit = Math.sqrt(6 / tf.util.sizeFromShape(shape.slice(0, -1)));
  const ranges: Readonly<Record<string, [number, number]>> = {
    kernel: [-limit, limit],
    bias: [-0.1, 0.1],
    gamma: [0.5, 1.5],
    beta: [-0.3, 0.3],
    moving_mean: [-0.2, 0.2],
    moving_variance: [0.3, 1.5],
  };
  return ranges[name.split('/')[1] as string] as [number, number];
}

describe('Inception nets give the logits of PyTorch', () => {
  before(() => useEngine('auto'));

  for (const { reference, choice, side, logits } of loadGolden<Case[]>('nets/inception_logits')) {
    test(reference, () => {
      const shape = { task: 'classification', imageShape: [side, side, 3], classes: 7 } as const;
      const { model } = createNet(choice, shape, zeros);
      tf.tidy(() => {
        for (const weight of model.weights) {
          const shape = weight.shape as number[];
          weight.write(generate(weight.originalName, shape, ...rangeOf(weight.originalName, shape)));
        }
        const images = generate('images', [2, side, side, 3], 0, 1);
        const found = (model.predict(images) as tf.Tensor).dataSync();
        assert.ok(relativeToMaximum(found, logits.flat()) < 1e-4);
      });
      model.dispose();
    });
  }
});
