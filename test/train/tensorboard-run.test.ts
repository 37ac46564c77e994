// What a run leaves for TensorBoard.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/random.ts';
import { thresholdCurves } from '../../src/train/callbacks/threshold-curves.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { hyperparametersOf } from '../../src/train/hyperparameters.ts';
import { modelGraph } from '../../src/train/model-graph.ts';
import { train } from '../../src/train/train.ts';
import { type DecodedEvent, eventFiles, readEvents } from '../summary/decode.ts';
import { noTensorLeak } from '../support.ts';
import { classification, segmentation, temporaryDirectory } from './support.ts';

before(() => useEngine('auto'));

const tagsOf = (events: readonly DecodedEvent[], plugin: string) =>
  events.filter((event) => event.plugin === plugin).map(({ tag, step }) => `${tag}@${step}`);

/** Trains and gives the events, and the names of the weights that were trained. */
async function eventsOf(experiment: Experiment) {
  return noTensorLeak(async () => {
    const { net, path } = await train(experiment, { directory: temporaryDirectory() });
    const weights = net.model.trainableWeights.map(({ originalName }) => originalName);
    const nodes = modelGraph(net.model);
    net.model.dispose();
    return { events: eventFiles(path).flatMap(readEvents), weights, nodes };
  });
}

test('a run of a segmenter: gradients, precision and recall, graph, hyperparameters', async () => {
  const { events, weights, nodes } = await eventsOf({ ...segmentation, epochs: 2 });
  const histograms = tagsOf(events, 'histograms');
  for (const epoch of [1, 2]) {
    for (const weight of weights) {
      for (const kind of ['weights', 'gradients']) {
        assert.ok(histograms.includes(`${kind}/${weight}@${epoch}`), `${kind} of ${weight}`);
      }
    }
  }
  assert.deepEqual(tagsOf(events, 'pr_curves'), ['validation/pr/lesion@1', 'validation/pr/lesion@2']);
  assert.deepEqual(tagsOf(events, 'images'), ['validation/roc@1', 'validation/roc@2']);
  const hparams = events.filter(({ plugin }) => plugin === 'hparams');
  assert.deepEqual(
    hparams.map(({ tag }) => tag),
    ['_hparams_/session_start_info', '_hparams_/session_end_info'],
  );
  assert.ok(hparams[0]?.pluginContent?.includes('optimizer.learningRate'));
  const graph = events.find((event) => event.graph)?.graph;
  for (const { name } of nodes) assert.ok(graph?.includes(name), name);
});

test('nodes of a graph take their inputs from nodes before them, in groups by stages', async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ name: 'stage1.conv', inputShape: [8, 8, 1], filters: 2, kernelSize: 3 }),
      tf.layers.flatten({ name: 'flat' }),
      tf.layers.dense({ name: 'logits', units: 3 }),
    ],
  });
  const nodes = modelGraph(model);
  assert.deepEqual(
    nodes.map(({ operation }) => operation),
    ['InputLayer', 'Conv2D', 'Flatten', 'Dense'],
  );
  assert.equal(nodes[1]?.name, 'stage1/conv');
  assert.deepEqual(nodes[1]?.shape, [null, 6, 6, 2]);
  assert.deepEqual(nodes[1]?.attributes, { parameters: 20 });
  const seen = new Set<string>();
  for (const { name, inputs } of nodes) {
    for (const input of inputs) assert.ok(seen.has(input), input);
    assert.ok(!seen.has(name), name);
    seen.add(name);
  }
  model.dispose();
});

test('a layer that is used twice is two nodes', () => {
  const input = tf.input({ shape: [4] });
  const dense = tf.layers.dense({ name: 'twice', units: 4 });
  const output = dense.apply(dense.apply(input)) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: output });
  assert.deepEqual(
    modelGraph(model)
      .slice(1)
      .map(({ name, inputs }) => [name, inputs[0] === 'twice']),
    [
      ['twice', false],
      ['twice_1', true],
    ],
  );
  model.dispose();
});

test('hyperparameters are what decides the weights, by paths', () => {
  const values = hyperparametersOf(classification);
  assert.equal(values['net.depth'], 18);
  assert.equal(values['optimizer.name'], 'adam');
  assert.equal(values['data.dataset.name'], 'skinLesions');
  assert.equal(values.loss, 'crossEntropy');
  assert.ok(Object.keys(values).every((name) => !/^(robustness|metrics)/.test(name)));
});

test('curves of classes: the second of two, all of three, of maps all but the background', async () => {
  const random = createRandom(1);
  const written = async (classes: string[], task: 'classification' | 'segmentation') => {
    const names: string[] = [];
    const curves = thresholdCurves({ classes, task });
    tf.tidy(() => {
      const shape = task === 'classification' ? [6] : [6, 2, 2];
      const logits = tf.tensor(random.normals(tf.util.sizeFromShape(shape) * classes.length, 0, 1), [
        ...shape,
        classes.length,
      ]);
      curves.add(
        logits,
        tf.range(0, tf.util.sizeFromShape(shape), 1, 'int32').mod(classes.length).reshape(shape),
      );
    });
    const summary = {
      prCurve: (
        name: string,
        { positives, negatives }: { positives: Float64Array; negatives: Float64Array },
      ) => {
        names.push(name);
        assert.equal((positives[0] as number) + (negatives[0] as number), task === 'classification' ? 6 : 24);
      },
      image: (name: string) => names.push(name),
    };
    await curves.write(summary as never, 1);
    return names;
  };
  const of = (...names: string[]) => [...names.map((name) => `validation/pr/${name}`), 'validation/roc'];
  assert.deepEqual(await written(['a', 'b'], 'classification'), of('b'));
  assert.deepEqual(await written(['a', 'b', 'c'], 'classification'), of('a', 'b', 'c'));
  assert.deepEqual(await written(['a', 'b', 'c'], 'segmentation'), of('b', 'c'));
});
