import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { formatGraphModel } from '../../src/exchange/graph/graph-model.ts';
import { translations } from '../../src/exchange/graph/translations.ts';
import * as blocks from '../../src/nets/blocks.ts';
import { heNormal } from '../../src/nets/initialisers.ts';
import * as volumes from '../../src/nets/volume-blocks.ts';
import * as weightless from '../../src/nets/weightless.ts';
import { createRandom } from '../../src/random.ts';
import { build, tinies } from '../nets/tinies.ts';
import { relativeToMaximum } from '../support.ts';
import { predictInPlainTfjs } from './plain.ts';

type X = tf.SymbolicTensor;

const random = createRandom(5);
const style: blocks.Style = {
  random,
  kernel: heNormal,
  norm: { epsilon: 1e-3, momentum: 0.9, scale: true },
  bias: true,
};

/** A model on random weights, moving averages too, with a constant image. */
interface Subject {
  readonly name: string;
  readonly model: tf.LayersModel;
}

function modelOf(shape: number[], body: (x: X) => X): tf.LayersModel {
  const images = tf.input({ shape, name: 'images' });
  return tf.model({ inputs: images, outputs: body(images) });
}

/** Parts that no net of the registry need have. */
const parts: Readonly<Record<string, () => tf.LayersModel>> = {
  activations: () =>
    modelOf([3, 4, 2], (x) => {
      const made = blocks.ACTIVATIONS.map((activation) =>
        blocks.activate({ ...style, activation }, x, activation),
      );
      return weightless.concatenate([...made, blocks.sigmoid(x, 'sigmoid')], 'all');
    }),
  groups: () =>
    modelOf([7, 6, 4], (x) =>
      blocks.conv(
        style,
        x,
        { name: 'conv', filters: 6, size: 3, stride: 2, groups: 2, padding: 'symmetric' },
        true,
      ),
    ),
  'depthwise and blur': () =>
    modelOf([7, 6, 3], (x) =>
      weightless.blurPool(blocks.depthwiseConv(style, x, { name: 'conv', size: 3, padding: 'same' }), 'blur'),
    ),
  norms: () =>
    modelOf([5, 4, 6], (x) => {
      const kinds = blocks.NORMS.map((kind) => {
        const kindly = { ...style, norm: { kind, epsilon: 1e-3, momentum: 0.9, scale: kind !== 'batch' } };
        return blocks.norm(kindly, x, kind);
      });
      return weightless.concatenate([...kinds, weightless.localResponseNorm(x, 'lrn')], 'all');
    }),
  'up and down': () =>
    modelOf([5, 6, 3], (x) => {
      const { pooled, indices } = weightless.maxPoolWithIndices(x, 'pool');
      const restored = weightless.maxUnpool(pooled, { before: x, indices }, 'unpool');
      const up = weightless.cropTo(blocks.upConv(style, pooled, 'upConv', 3), [5, 6], 'crop');
      const nearest = weightless.upNearest(pooled, 'nearest');
      const halfPixel = weightless.upBilinear(pooled, 'halfPixel', { factor: 2 });
      const corners = weightless.upBilinear(pooled, 'corners', { factor: 2, alignCorners: true });
      const ups = [nearest, halfPixel, corners].map((y, i) => weightless.cropTo(y, [5, 6], `crop${i}`));
      return weightless.concatenate([restored, up, ...ups], 'all');
    }),
  'transposed convolutions of 3': () => modelOf([5, 6, 3], (x) => blocks.upConv(style, x, 'upConv', 2, 3)),
  pools: () =>
    modelOf([6, 6, 2], (x) => {
      const settings = { size: 3, stride: 1, padding: 'same' } as const;
      const { mean, max } = weightless.poolChannels(x, 'channels');
      const padded = weightless.padChannels(x, [1, 2], 'padded');
      const gate = weightless.asPixel(weightless.globalMaxPool(x, 'max'), 'pixel');
      const maps = [
        weightless.averagePool(x, { ...settings, name: 'average' }),
        weightless.maxPool(x, { ...settings, name: 'maximum' }),
        weightless.multiply([x, gate], 'gated'),
      ];
      return weightless.concatenate([...maps, weightless.add([mean, max], 'sum'), padded], 'all');
    }),
  volumes: () =>
    modelOf([4, 6, 2, 3], (x) => {
      const y = volumes.maxPool3d(volumes.convNormRelu3d(style, x, 'conv', 4), 'pool');
      return volumes.upConv3d(style, y, 'up', 2);
    }),
};

/** Offsets, gains and statistics unlike those of a new net; filters are random as they are, and keep the size of maps. */
function perturb(model: tf.LayersModel): void {
  for (const weight of model.weights) {
    if (weight.originalName.endsWith('kernel')) continue;
    const { shape, size } = weight.read();
    const positive = weight.originalName.endsWith('variance') || weight.originalName.endsWith('gamma');
    const values = random.uniforms(size, positive ? 0.5 : -0.5, positive ? 1.5 : 0.5);
    tf.tidy(() => {
      weight.write(tf.tensor(values, shape));
    });
  }
}

describe('graph models', () => {
  const directory = mkdtempSync(join(tmpdir(), 'medrobust-export-'));
  const subjects: Subject[] = [];
  let plain: ReturnType<typeof predictInPlainTfjs> = [];
  const imagesOf = ({ model }: Subject) => {
    const shape = [2, ...(model.inputs[0]!.shape.slice(1) as number[])];
    return { shape, images: Array.from(createRandom(7).uniforms(tf.util.sizeFromShape(shape), 0, 1)) };
  };
  before(async () => {
    await useEngine('auto');
    for (const [name, make] of Object.entries(parts)) subjects.push({ name, model: make() });
    for (const tiny of Object.values(tinies).flat()) {
      subjects.push({ name: JSON.stringify(tiny.choice), model: build(tiny).model });
    }
    const cases = subjects.map((subject, i) => {
      perturb(subject.model);
      const path = join(directory, String(i));
      mkdirSync(path);
      const files = Object.entries(formatGraphModel(subject.model));
      for (const [file, content] of files) writeFileSync(join(path, file), content);
      return { directory: path, ...imagesOf(subject) };
    });
    plain = predictInPlainTfjs(cases);
  });
  after(() => {
    for (const { model } of subjects) model.dispose();
    rmSync(directory, { recursive: true });
  });

  test('give in plain tfjs what the nets give', () => {
    for (const [i, subject] of subjects.entries()) {
      assert.equal(plain[i]!.error, undefined, subject.name);
      const { shape, images } = imagesOf(subject);
      const ours = tf.tidy(() => [subject.model.predict(tf.tensor(images, shape))].flat()[0] as tf.Tensor);
      assert.deepEqual(plain[i]!.shape, ours.shape, subject.name);
      const difference = relativeToMaximum(plain[i]!.values!, ours.dataSync());
      assert.ok(difference < 1e-4, `${subject.name}: differs by ${difference} of the largest element`);
      ours.dispose();
    }
  });

  test('every translation was used', () => {
    const used = new Set(subjects.flatMap(({ model }) => model.layers.map((layer) => layer.getClassName())));
    // Of tf.layers, and of no net here.
    const spare = ['AveragePooling3D', 'Dropout', 'Rescaling'];
    const unused = Object.keys(translations).filter((name) => !used.has(name) && !spare.includes(name));
    assert.deepEqual(unused, []);
  });

  test('leave no tensor behind', () => {
    const { numTensors } = tf.memory();
    for (const { model } of subjects) formatGraphModel(model);
    assert.equal(tf.memory().numTensors, numTensors);
  });

  test('a layer that has no translation is refused by its name', () => {
    const model = modelOf([4, 2], (x) => tf.layers.gru({ name: 'memory', units: 2 }).apply(x) as X);
    assert.throws(() => formatGraphModel(model), { name: 'UsageError', message: /memory is a GRU/ });
    model.dispose();
  });
});
