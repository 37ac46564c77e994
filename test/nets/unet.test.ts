// What the options of the U-Net family promise, beyond what holds for every net.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { createNet, type NetChoice } from '../../src/nets/create.ts';
import { describeNet } from '../../src/nets/describe.ts';
import type { Net } from '../../src/nets/net.ts';
import { prunedUnetPlusPlus } from '../../src/nets/unet-plus-plus.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose } from '../support.ts';

function create(choice: NetChoice, [height, width]: readonly [number, number]): Net {
  const shape = { task: 'segmentation', imageShape: [height, width, 1], classes: 2 } as const;
  return createNet(choice, shape, createRandom(1));
}

function images([height, width]: readonly [number, number]): tf.Tensor4D {
  return tf.tensor4d(createRandom(2).uniforms(2 * height * width, 0, 1), [2, height, width, 1]);
}

/** All outputs at inference. */
function outputsOf(model: tf.LayersModel, x: tf.Tensor4D): tf.Tensor4D[] {
  return [model.predict(x)].flat() as tf.Tensor4D[];
}

/** How many channels a layer sees. */
function inputsOf(model: tf.LayersModel, layer: string): number {
  return (model.getLayer(layer).input as tf.SymbolicTensor).shape[3] as number;
}

describe('the U-Net family', () => {
  before(() => useEngine('auto'));

  const padded: readonly [NetChoice, size: readonly [number, number], whole: readonly [number, number]][] = [
    [{ name: 'unet', depth: 2, filters: 4, deepSupervision: true }, [9, 14], [12, 16]],
    [{ name: 'unet', preset: 'original', depth: 2, filters: 4 }, [7, 10], [48, 52]],
    [{ name: 'unet', preset: 'original', depth: 1, filters: 4, stageDepths: [1, 3] }, [5, 8], [22, 24]],
    [{ name: 'resUnet', depth: 2, filters: 4 }, [5, 8], [8, 8]],
    [{ name: 'unetPlusPlus', depth: 2, filters: 4, deepSupervision: true }, [11, 12], [12, 12]],
  ];
  for (const [choice, [height, width], whole] of padded) {
    test(`padInput of ${JSON.stringify(choice)} is the net on black surroundings, its logits cut`, () => {
      const [net, larger] = [
        create({ ...choice, padInput: true } as NetChoice, [height, width]),
        create(choice, whole),
      ];
      tf.tidy(() => {
        const x = images([height, width]);
        const [top, left] = [Math.floor((whole[0] - height) / 2), Math.floor((whole[1] - width) / 2)];
        const sides = [
          [0, 0],
          [top, whole[0] - height - top],
          [left, whole[1] - width - left],
          [0, 0],
        ] as const;
        const expected = outputsOf(larger.model, tf.pad(x, sides as unknown as [number, number][]));
        for (const [i, logits] of outputsOf(net.model, x).entries()) {
          const [, tall, wide] = expected[i]!.shape;
          const corner = [0, Math.floor((tall - height) / 2), Math.floor((wide - width) / 2), 0] as const;
          const cut = tf.slice(expected[i]!, [...corner], [2, height, width, 2]);
          assert.deepEqual(logits.shape, [2, height, width, 2]);
          assertClose(logits.dataSync(), cut.dataSync(), { relative: 1e-4, absolute: 1e-5 });
        }
      });
      for (const { model } of [net, larger]) model.dispose();
    });
  }

  test('padInput adds nothing where the images fit', () => {
    const names = [true, false].map((padInput) => {
      const { model } = create({ name: 'unet', depth: 2, filters: 2, padInput }, [8, 12]);
      model.dispose();
      return model.layers.map(({ name }) => name);
    });
    assert.deepEqual(names[0], names[1]);
  });

  test('a skip that is off or added brings no channels, one that is concatenated its own', () => {
    const skips = ['none', 'add', 'gatedAdd', 'concat', 'gatedConcat'];
    const { model } = create({ name: 'unet', depth: 5, filters: 2, skips }, [32, 32]);
    const seen = [1, 2, 3, 4, 5].map((level) => inputsOf(model, `decoder${level}.conv1`));
    assert.deepEqual(seen, [2, 4, 8, 32, 64]);
    const gates = model.layers.filter(({ name }) => name.endsWith('.psi')).map(({ name }) => name);
    assert.deepEqual(gates.sort(), ['gate3.psi', 'gate5.psi']);
    model.dispose();
  });

  test('a net without skips sees its image through the bottleneck alone', () => {
    const shift = (skip: string) => {
      const { model } = create({ name: 'unet', depth: 1, filters: 4, skips: [skip] }, [4, 4]);
      // A bottleneck that gives 0 whatever comes.
      const norm = model.getLayer('bottleneck.conv2.norm');
      tf.tidy(() =>
        norm.setWeights(norm.getWeights().map((weight, i) => (i < 2 ? tf.zerosLike(weight) : weight))),
      );
      const moved = tf.tidy(() => {
        const [a] = outputsOf(model, images([4, 4]));
        const [b] = outputsOf(model, tf.zeros([2, 4, 4, 1]));
        return tf.max(tf.abs(tf.sub(a!, b!))).dataSync()[0]!;
      });
      model.dispose();
      return moved;
    };
    assert.equal(shift('none'), 0);
    for (const skip of ['concat', 'add', 'gatedConcat', 'gatedAdd']) assert.ok(shift(skip) > 1e-3, skip);
  });

  test('widths are those of the stages, times width', () => {
    const options = { depth: 2, stageWidths: [4, 6, 10], stageDepths: [1, 3, 2], width: 0.5 } as const;
    const { model } = create({ name: 'unet', ...options }, [8, 8]);
    const convolutions = model.layers.filter(({ name }) => /^(encoder|bottleneck)\d?\.conv\d$/.test(name));
    assert.deepEqual(
      convolutions.map(({ name, outputShape }) => [name, (outputShape as tf.Shape)[3]]),
      [
        ['encoder1.conv1', 2],
        ['encoder2.conv1', 3],
        ['encoder2.conv2', 3],
        ['encoder2.conv3', 3],
        ['bottleneck.conv1', 5],
        ['bottleneck.conv2', 5],
      ],
    );
    model.dispose();
  });

  test('dropout is where it was published', () => {
    const at = (choice: NetChoice) => {
      const { model } = create({ ...choice, depth: 2, filters: 2 } as NetChoice, [8, 8]);
      model.dispose();
      return model.layers.filter((layer) => layer.getClassName() === 'Dropout').map(({ name }) => name);
    };
    assert.deepEqual(at({ name: 'unet', dropout: 0.5 }), ['encoder2.dropout', 'bottleneck.dropout']);
    assert.deepEqual(at({ name: 'unet' }), []);
    // Two convolutions of each of six nodes.
    assert.equal(at({ name: 'unetPlusPlus' }).length, 12);
    assert.deepEqual(at({ name: 'resUnet', dropout: 0.5 }), ['decoder1.dropout']);
  });

  test('heads of deep supervision have halved, equal, or given weights', () => {
    const weights = (choice: NetChoice) => {
      const { model, auxiliaryWeights } = create({ ...choice, filters: 1 } as NetChoice, [16, 16]);
      model.dispose();
      assert.equal(model.outputs.length, auxiliaryWeights.length + 1);
      return auxiliaryWeights;
    };
    assert.deepEqual(weights({ name: 'unet', deepSupervision: true }), [0.5, 0.25, 0.125]);
    assert.deepEqual(weights({ name: 'resUnet', deepSupervision: true }), [0.5, 0.25]);
    assert.deepEqual(weights({ name: 'unetPlusPlus', deepSupervision: true }), [1, 1, 1]);
    assert.deepEqual(weights({ name: 'unet', supervisionWeights: [1, 1, 1] }), []);
    const own = [0.4, 0.2, 0] as const;
    assert.deepEqual(weights({ name: 'unet', deepSupervision: true, supervisionWeights: own }), own);
  });

  describe('a UNet++ that is pruned', () => {
    const choice = { name: 'unetPlusPlus', preset: 'batchNorm', depth: 3, filters: 4 } as const;
    const size = [16, 24] as const;

    test('gives the logits of its head and is the smaller UNet++', () => {
      const earlier = tf.memory().numTensors;
      const net = create({ ...choice, deepSupervision: true }, size);
      for (const level of [1, 2, 3]) {
        const { model, auxiliaryWeights } = prunedUnetPlusPlus(net, level);
        assert.deepEqual(auxiliaryWeights, []);
        tf.tidy(() => {
          const x = images(size);
          const [logits] = outputsOf(model, x);
          assert.deepEqual(logits!.dataSync(), outputsOf(net.model, x)[3 - level]!.dataSync());
        });
        const small = create({ ...choice, depth: level }, size);
        // Their heads have other names.
        const sizesOf = (of: tf.LayersModel) => {
          const { parameters, multiplyAdds, outputs } = describeNet(of);
          return { parameters, multiplyAdds, outputs };
        };
        assert.deepEqual(sizesOf(model), sizesOf(small.model));
        small.model.dispose();
      }
      net.model.dispose();
      assert.equal(tf.memory().numTensors, earlier);
    });

    test('has the head that is asked for', () => {
      const [without, net] = [create(choice, size), create({ ...choice, deepSupervision: true }, size)];
      const unet = create({ name: 'unet', depth: 3, filters: 1, deepSupervision: true }, size);
      const refused = (of: Net, level: number, message: RegExp) =>
        assert.throws(
          () => prunedUnetPlusPlus(of, level),
          (error: Error) => error instanceof UsageError && message.test(error.message),
        );
      refused(without, 1, /with deepSupervision/);
      refused(unet, 1, /Only unetPlusPlus .*received unet/);
      for (const level of [0, 4, 1.5]) refused(net, level, /level of 1 to 3/);
      for (const { model } of [without, net, unet]) model.dispose();
    });
  });
});
