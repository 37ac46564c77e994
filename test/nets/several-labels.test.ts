// Nets of images with several labels: those of classification, with a pair of logits for each label.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { createNet, type NetName } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import { inference } from '../../src/robustness/target.ts';
import { assertClose, noTensorLeak } from '../support.ts';
import { definitions, randomImages, tinies } from './tinies.ts';

before(() => useEngine('auto'));

for (const name of Object.keys(tinies) as NetName[]) {
  if (definitions[name]?.task !== 'classification') continue;

  test(`${name}: the weights of the classifier, and each of its logits beside 0`, () =>
    noTensorLeak(() => {
      const tiny = tinies[name][0]!;
      const shape = { imageShape: tiny.imageShape, classes: tiny.classes };
      const several = createNet(tiny.choice, { ...shape, task: 'multilabel' }, createRandom(3));
      const one = createNet(tiny.choice, { ...shape, task: 'classification' }, createRandom(3));
      const namesOf = ({ model }: typeof one) => model.weights.map(({ originalName }) => originalName);
      assert.deepEqual(namesOf(several), namesOf(one));
      assert.deepEqual(
        several.model.outputs.map((output) => output.shape),
        one.model.outputs.map(() => [null, tiny.classes, 2]),
      );
      tf.tidy(() => {
        const images = randomImages(tiny) as tf.Tensor4D;
        using pairs = inference(several.model);
        using logits = inference(one.model);
        const expected = [...logits.logits(images).dataSync()].flatMap((z) => [0, z]);
        assertClose(pairs.logits(images).dataSync(), expected);
      });
      several.model.dispose();
      one.model.dispose();
    }));
}

test('one label is enough; a net for maps has none', () => {
  const shape = { task: 'multilabel', imageShape: [8, 8, 1], classes: 1 } as const;
  const { model } = createNet({ name: 'resnet', stem: 'small', filters: 4 }, shape, createRandom(1));
  assert.deepEqual(model.outputs[0]?.shape, [null, 1, 2]);
  model.dispose();
  assert.throws(() => createNet({ name: 'unet' }, shape, createRandom(1)), UsageError);
});
