// Layers that tf.layers has not: what they compute, and that their models can be saved and loaded.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import {
  blurPool,
  conv,
  cropTo,
  localResponseNorm,
  maxPool,
  maxUnpool,
  padChannels,
  poolChannels,
  type Style,
  sharedDense,
  upBilinear,
} from '../../src/nets/blocks.ts';
import { describeNet } from '../../src/nets/describe.ts';
import { heNormal } from '../../src/nets/initialisers.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose, noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

type X = tf.SymbolicTensor;
const style: Style = { random: createRandom(1), kernel: heNormal, norm: 'none' };

const builders: Readonly<Record<string, (x: X) => X>> = {
  'grouped convolution': (x) =>
    conv(style, x, { name: 'grouped', filters: 6, size: [3, 1], stride: 2, groups: 2 }, true),
  'grouped convolution, valid': (x) =>
    conv(style, x, { name: 'grouped', filters: 4, size: 3, padding: 'valid', groups: 4 }, false),
  'bilinear up-sampling': (x) => upBilinear(x, 'up', { factor: 3 }),
  'bilinear up-sampling, aligned': (x) => upBilinear(x, 'up', { alignCorners: true }),
  'blur pool': (x) => blurPool(x, 'blur'),
  'local response normalisation': (x) => localResponseNorm(x, 'lrn'),
  'max unpooling': (x) =>
    maxUnpool(maxPool(x, { name: 'pool', size: 2, stride: 2, padding: 'same' }), x, 'unpool'),
};

for (const [name, build] of Object.entries(builders)) {
  test(`${name}: gives the shape it promises, and is the same after saving and loading`, async () => {
    const input = tf.input({ shape: [7, 6, 4] });
    const model = tf.model({ inputs: input, outputs: build(input) });
    const saved: tf.io.ModelArtifacts[] = [];
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved.push(artifacts);
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved[0]!));
    await noTensorLeak(() =>
      tf.tidy(() => {
        const images = tf.tensor4d(createRandom(2).normals(2 * 7 * 6 * 4, 0, 1), [2, 7, 6, 4]);
        const [ours, theirs] = [model, loaded].map((one) => one.predict(images) as tf.Tensor);
        assert.deepEqual(ours!.shape, [2, ...(model.outputs[0]!.shape.slice(1) as number[])]);
        assert.deepEqual([...theirs!.dataSync()], [...ours!.dataSync()]);
        assert.ok(ours!.dataSync().some((value) => value !== 0));
      }),
    );
    model.dispose();
    loaded.dispose();
  });
}

/** What `build` makes of `values`, `[height, width, channels]`. */
function run(values: number[][][], build: (x: X) => X | X[]): number[][] {
  const image = tf.tensor3d(values);
  const input = tf.input({ shape: image.shape });
  const model = tf.model({ inputs: input, outputs: build(input) });
  const outputs = tf.tidy(() =>
    [model.predict(image.expandDims())].flat().map((output) => Array.from((output as tf.Tensor).dataSync())),
  );
  tf.dispose(image);
  model.dispose();
  return outputs;
}

test('channels are padded with zeros, maps cut in the middle, and the rest behind', () => {
  assert.deepEqual(
    run([[[1, 2]], [[3, 4]]], (x) => padChannels(x, [1, 2], 'pad')),
    [[0, 1, 2, 0, 0, 0, 3, 4, 0, 0]],
  );
  const rows = [
    [[1], [2]],
    [[3], [4]],
    [[5], [6]],
    [[7], [8]],
  ];
  assert.deepEqual(
    run(rows, (x) => cropTo(x, [1, 1], 'crop')),
    [[3]],
  );
});

test('channels are pooled pixel by pixel', () => {
  const pooled = run(
    [
      [
        [1, 5],
        [2, -4],
      ],
    ],
    (x) => {
      const { mean, max } = poolChannels(x, 'pool');
      return [mean, max];
    },
  );
  assertClose(pooled[0]!, [3, -1]);
  assertClose(pooled[1]!, [5, 2]);
});

test('blur pool keeps constants and weighs 1 : 2 : 1, reflected at the edge', () => {
  assertClose(
    run(
      [
        [[3], [3]],
        [[3], [3]],
      ],
      (x) => blurPool(x, 'blur'),
    )[0]!,
    [3],
  );
  const bump = Array.from({ length: 3 }, (_, row) =>
    Array.from({ length: 3 }, (_, column) => [row === 1 && column === 1 ? 16 : 0]),
  );
  // The corners see the bump twice in each direction, by reflection.
  assertClose(run(bump, (x) => blurPool(x, 'blur'))[0]!, [4, 4, 4, 4]);
});

test('a layer used twice counts its weights once and its multiplications twice', () => {
  const [a, b] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
  const layer = sharedDense(createRandom(1), 'shared', 3, 5, heNormal);
  const model = tf.model({ inputs: [a, b], outputs: [layer(a), layer(b)] });
  const { parameters, multiplyAdds } = describeNet(model);
  assert.deepEqual([parameters.total, multiplyAdds], [3 * 5 + 5, 2 * 3 * 5]);
  model.dispose();
});
