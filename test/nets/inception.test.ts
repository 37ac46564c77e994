// The options of the Inception nets.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../../src/errors.ts';
import { createNet, type NetChoice } from '../../src/nets/create.ts';
import { describeNet } from '../../src/nets/describe.ts';
import { poolTower } from '../../src/nets/inception-blocks.ts';
import { spread } from '../../src/nets/inception-options.ts';
import { glorotUniform } from '../../src/nets/initialisers.ts';
import { createRandom, type Random } from '../../src/random.ts';

const names = ['googlenet', 'inceptionResnetV2', 'inceptionV3', 'inceptionV4'] as const;
type Name = (typeof names)[number];

/** The options that all of them take. */
type Shared = Partial<{
  stem: string;
  auxiliaryHead: boolean;
  width: number;
  stageDepths: readonly number[];
  stageWidths: readonly number[];
  dropout: number;
  seRatio: number;
  downsample: string;
}>;

/** Draws nothing: only the layers matter here. */
const zeros: Random = {
  ...createRandom(0),
  stream: () => zeros,
  uniforms: (length) => new Float32Array(length),
};

function build(name: Name, options: Shared, side: number): tf.LayersModel {
  const shape = { task: 'classification', imageShape: [side, side, 1], classes: 2 } as const;
  return createNet({ name, ...options } as NetChoice, shape, zeros).model;
}

interface Measured {
  readonly description: ReturnType<typeof describeNet>;
  readonly blurs: number;
  readonly strides: number;
}

/** Thin, shallow and without stride: the quickest to build. */
const quick = { stem: 'small', width: 0.01, stageDepths: [1, 3, 1] };

function using<T>(model: tf.LayersModel, look: (model: tf.LayersModel) => T): T {
  try {
    return look(model);
  } finally {
    model.dispose();
  }
}

/** A convolution of the published width in each stage, at the depths of `quick`. */
const widest: Readonly<Record<Name, readonly string[]>> = {
  googlenet: ['inception3a.1x1.1', 'inception4a.1x1.1', 'inception5a.1x1.1'],
  inceptionResnetV2: ['mixed5b.1x1.1', 'block17.1.1x1.1', 'block8.1.1x1.1'],
  inceptionV3: ['mixed0.1x1.1', 'mixed2.1x1.1', 'mixed6.1x1.1'],
  inceptionV4: ['inceptionA.1.1x1.1', 'inceptionB.1.1x1.1', 'inceptionC.1.1x1.1'],
};

/** As published. */
const stageWidths: Readonly<Record<Name, readonly number[]>> = {
  googlenet: [480, 832, 1024],
  inceptionResnetV2: [320, 1088, 2080],
  inceptionV3: [288, 768, 2048],
  inceptionV4: [384, 1024, 1536],
};

const namesOf = (model: tf.LayersModel) => model.layers.map(({ name }) => name);

const smallest: readonly [Name, 'imagenet' | 'small', 'stride' | 'blur', number][] = [
  ...(['inceptionV3', 'inceptionV4', 'inceptionResnetV2'] as const).flatMap(
    (name) =>
      [
        [name, 'imagenet', 'stride', 75],
        [name, 'imagenet', 'blur', 91],
        [name, 'small', 'stride', 7],
        [name, 'small', 'blur', 9],
      ] as [Name, 'imagenet' | 'small', 'stride' | 'blur', number][],
  ),
  ['googlenet', 'imagenet', 'stride', 1],
  ['googlenet', 'imagenet', 'blur', 17],
  ['googlenet', 'small', 'stride', 1],
  ['googlenet', 'small', 'blur', 3],
];

describe('Inception nets', () => {
  for (const [name, stem, downsample, side] of smallest) {
    test(`${name}, stem '${stem}', downsample '${downsample}', takes ${side} × ${side} and no less`, () => {
      const options = { ...quick, stem, downsample };
      using(build(name, options, side), (model) => {
        // Runs, too: a map may be too small for what a layer does to it, whatever shape the layer promises.
        tf.tidy(() => {
          const logits = model.predict(tf.zeros([1, side, side, 1])) as tf.Tensor;
          assert.ok(logits.dataSync().every(Number.isFinite));
        });
      });
      if (side === 1) return;
      assert.throws(
        () => build(name, options, side - 1),
        (error: Error) =>
          error instanceof UsageError && error.message.includes(`at least ${side} × ${side}, received`),
      );
    });
  }

  for (const name of names) {
    test(`${name}: downsample changes layers, but neither shapes nor weights`, () => {
      const side = 100;
      const [strided, blurred] = ['stride', 'blur'].map((downsample) =>
        using(build(name, { ...quick, stem: 'imagenet', downsample }, side), (model) => ({
          description: describeNet(model),
          blurs: namesOf(model).filter((layer) => layer.endsWith('.blur')).length,
          strides: model.layers.filter((layer) => {
            const { strides } = layer.getConfig() as { strides?: number[] };
            return layer.getClassName() !== 'AveragePooling2D' && Math.max(...(strides ?? [1])) > 1;
          }).length,
        })),
      ) as [Measured, Measured];
      assert.deepEqual(blurred.description.stages, strided.description.stages);
      assert.deepEqual(blurred.description.parameters, strided.description.parameters);
      assert.deepEqual([strided.blurs, blurred.strides], [0, 0]);
      assert.equal(blurred.blurs, strided.strides);
    });

    test(`${name}: width multiplies channels and keeps a minimum, and stageDepths counts modules`, () => {
      const firstConv = (width: number) =>
        using(build(name, { ...quick, width }, 32), (model) => model.getLayer('conv1').outputShape[3]);
      const published = name === 'googlenet' ? 64 : 32;
      const minimum = name === 'googlenet' || name === 'inceptionV3' ? 16 : 8;
      assert.deepEqual([1, 0.7, 0.01].map(firstConv), [published, Math.floor(0.7 * published), minimum]);
      const concatenations = (stageDepths: readonly number[]) =>
        using(
          build(name, { ...quick, stageDepths }, 32),
          (model) => namesOf(model).filter((layer) => layer.endsWith('.concat')).length,
        );
      assert.equal(concatenations([2, 4, 3]) - concatenations([1, 1, 1]), 1 + 3 + 2);
    });

    test(`${name}: stageWidths scales what each stage computes, in proportion`, () => {
      const published = { ...quick, width: 1, stem: 'imagenet' };
      const channels = (stageWidths: readonly number[]) =>
        using(build(name, { ...published, stageWidths }, 75), (model) =>
          widest[name].map((layer) => model.getLayer(layer).outputShape[3]),
        );
      const all = channels([]);
      const full = stageWidths[name];
      assert.deepEqual(channels(full), all);
      const halved = full.map((width, stage) => (stage === 2 ? width / 2 : width));
      assert.deepEqual(channels(halved), [all[0], all[1], Math.floor((all[2] as number) / 2)]);
    });

    test(`${name}: seRatio adds squeeze-and-excitation to every module`, () => {
      const reduced = using(build(name, { ...quick, seRatio: 1 / 16 }, 16), (model) =>
        model.layers
          .filter((layer) => layer.name.endsWith('.se.reduce'))
          .map(({ outputShape, input }) => [
            (input as tf.SymbolicTensor).shape[1] as number,
            (outputShape as tf.Shape)[1] as number,
          ]),
      );
      assert.equal(reduced.length, 5);
      for (const [channels, units] of reduced) assert.equal(units, Math.max(1, Math.floor(channels! / 16)));
    });

    test(`${name}: dropout is that of the layer before the logits`, () => {
      using(build(name, { ...quick, dropout: 0.3 }, 16), (model) => {
        const layer = model.getLayer('dropout');
        assert.equal((layer as unknown as { rate: number }).rate, 0.3);
        assert.equal(model.getLayer('logits').input, layer.output);
      });
    });

    test(`${name}: auxiliary heads have weights for their losses`, () => {
      const shape = { task: 'classification', imageShape: [16, 16, 1], classes: 2 } as const;
      const choice = { name, ...quick, auxiliaryHead: true } as NetChoice;
      const { model, auxiliaryWeights } = createNet(choice, shape, createRandom(1));
      model.dispose();
      assert.deepEqual(auxiliaryWeights, name === 'googlenet' ? [0.3, 0.3] : [0.4]);
    });
  }

  const refused: readonly [NetChoice, RegExp][] = [
    [{ name: 'inceptionV4', stem: 'tiny' }, /"stem" of inceptionV4: expected imagenet or small/],
    [
      { name: 'inceptionV4', stageDepths: [4, 7] },
      /"stageDepths" of inceptionV4: expected 3 positive integers/,
    ],
    [{ name: 'inceptionV3', stageDepths: [3, 0, 2] }, /"stageDepths" of inceptionV3/],
    [{ name: 'inceptionV3', stageWidths: [1.5, 2, 2] }, /"stageWidths" of inceptionV3/],
    [{ name: 'inceptionV3', dropout: 1 }, /"dropout" of inceptionV3: expected a number in \[0, 1\)/],
    [{ name: 'inceptionV3', seRatio: -1 }, /"seRatio" of inceptionV3/],
    [{ name: 'inceptionV3', downsample: 'pool' }, /"downsample" of inceptionV3: expected stride or blur/],
    [{ name: 'inceptionResnetV2', residualScales: [0.1, 0.1] }, /"residualScales" of inceptionResnetV2/],
    [{ name: 'googlenet', largestKernel: 4 }, /"largestKernel" of googlenet: expected 3 or 5/],
    [{ name: 'googlenet', lastPool: 4 }, /"lastPool" of googlenet/],
    [{ name: 'googlenet', padding: 'valid' }, /"padding" of googlenet/],
    [
      { name: 'googlenet', auxiliaryHead: true, stageDepths: [1, 2, 1] },
      /"stageDepths" of googlenet: expected at least 3 modules in stage 4/,
    ],
  ];
  for (const [choice, message] of refused) {
    test(`refuses ${JSON.stringify(choice)}`, () => {
      const shape = { task: 'classification', imageShape: [299, 299, 3], classes: 2 } as const;
      assert.throws(
        () => createNet(choice, shape, createRandom(1)),
        (error: Error) => error instanceof UsageError && message.test(error.message),
      );
    });
  }

  test('stageDepths drops published modules before the last, or repeats the last but one', () => {
    assert.deepEqual(spread(['a', 'b', 'c', 'd'], 4), ['a', 'b', 'c', 'd']);
    assert.deepEqual(spread(['a', 'b', 'c', 'd'], 2), ['a', 'd']);
    assert.deepEqual(spread(['a', 'b', 'c', 'd'], 1), ['d']);
    assert.deepEqual(spread(['a', 'b', 'c', 'd'], 6), ['a', 'b', 'c', 'c', 'c', 'd']);
  });

  test('Inception-ResNet adds its own part of the branch in each stage, and the last branch whole', () => {
    const options = { ...quick, stageDepths: [1, 2, 2], residualScales: [0.3, 0.2, 0.1] };
    const scales = using(build('inceptionResnetV2', options, 16), (model) =>
      model.layers
        .filter((layer) => layer.name.endsWith('.scale'))
        .map((layer) => (layer.getConfig() as { scale: number }).scale),
    );
    assert.deepEqual(scales, [0.3, 0.2, 0.2, 0.1, 1]);
  });

  test('countPadding averages zeros around the map, too', () => {
    const corner = (countPadding: boolean) => {
      const style = { random: createRandom(1), kernel: glorotUniform, norm: 'none', countPadding } as const;
      const input = tf.input({ shape: [3, 3, 1] });
      const model = tf.model({ inputs: input, outputs: poolTower(style, input, 'pool', 1) });
      const averages = tf.model({
        inputs: input,
        outputs: model.getLayer('pool.average').output as tf.SymbolicTensor,
      });
      const value = tf.tidy(() => (averages.predict(tf.ones([1, 3, 3, 1])) as tf.Tensor).dataSync()[0]);
      model.dispose();
      return value;
    };
    assert.equal(corner(false), 1);
    assert.ok(Math.abs(corner(true)! - 4 / 9) < 1e-6);
  });

  test('nothing is left of them', () => assert.equal(tf.memory().numTensors, 0));
});
