import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { formatGraphModel } from '../../src/exchange/graph/graph-model.ts';
import { createNet } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import { relativeToMaximum } from '../support.ts';
import { chromium, predictInBrowser } from './browser.ts';

const skip = chromium ? false : 'no Chromium is installed (chromium, chromium-browser or google-chrome)';

test('a net gives in a page of a browser what it gives here', { skip }, async () => {
  await useEngine('auto');
  const shape = { task: 'classification', imageShape: [24, 20, 3], classes: 4 } as const;
  const choice = { name: 'resnet', preset: 'seResnext50', filters: 32, downsample: 'blur' } as const;
  const { model } = createNet({ ...choice, stageDepths: [1, 1, 1, 1] }, shape, createRandom(1));
  const images = {
    shape: [2, 24, 20, 3],
    values: Array.from(createRandom(2).uniforms(2 * 24 * 20 * 3, 0, 1)),
  };
  const result = await predictInBrowser({ ...formatGraphModel(model) }, images);
  assert.equal(result.error, undefined);
  const ours = tf.tidy(() => (model.predict(tf.tensor(images.values, images.shape)) as tf.Tensor).dataSync());
  assert.deepEqual(result.shape, [2, 4]);
  // Other kernels than ours: WebGL in software, or JavaScript.
  const difference = relativeToMaximum(result.values!, ours);
  assert.ok(difference < 1e-4, `${result.backend}: differs by ${difference} of the largest logit`);
  model.dispose();
});
