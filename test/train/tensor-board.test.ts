// What the callback of `model.fit` leaves for TensorBoard.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { adversarialEvaluation } from '../../src/train/callbacks/fit/adversarial-evaluation.ts';
import { tensorBoard } from '../../src/train/callbacks/fit/tensor-board.ts';
import { type DecodedEvent, eventFiles, readEvents } from '../summary/decode.ts';
import { noTensorLeak } from '../support.ts';
import { classifierEndings, type Ending, imagesOf, labelsOf, modelEnding } from './fit-support.ts';
import { temporaryDirectory } from './support.ts';

before(() => useEngine('auto'));

const ending = classifierEndings['one sigmoid'] as Ending;
const root = temporaryDirectory();
let directories = 0;
const newDirectory = () => join(root, `${directories++}`);

type Callbacks = (data: [tf.Tensor, tf.Tensor]) => tf.CustomCallback[];

/** One `fit` of a fresh model a list of callbacks, two epochs of three batches from `initialEpoch` on. */
async function fit(callbacks: Callbacks, initialEpoch = 0) {
  return noTensorLeak(async () => {
    const labels = labelsOf(24, 2);
    const [x, y] = [imagesOf(labels), ending.labels(labels)];
    const model = modelEnding(ending);
    const { history } = await model.fit(x, y, {
      ...{ epochs: initialEpoch + 2, initialEpoch, batchSize: 8, verbose: 0, shuffle: false },
      validationData: [x, y],
      callbacks: callbacks([x, y]),
    });
    model.optimizer.dispose();
    model.dispose();
    tf.dispose([x, y]);
    return history as Record<string, number[]>;
  });
}

const evaluation = (validationData: [tf.Tensor, tf.Tensor]) =>
  adversarialEvaluation({
    validationData,
    attacks: [{ name: 'fgsm' }, { name: 'pgd', steps: 2 }],
    epsilons: [8 / 255, 32 / 255],
    images: 8,
    log: () => {},
  });

const eventsOf = (directory: string) => eventFiles(directory).map(readEvents);

/** Step and value of each event of a tag. */
function scalars(events: readonly DecodedEvent[], tag: string): [number, number][] {
  const found = events.filter((event) => event.tag === tag);
  return found.map(({ step, content }) => [step, content?.readFloatLE() as number]);
}

const rounded = (values: readonly number[] | undefined) => values?.map(Math.fround) ?? [];

test('logs are those of tf.node.tensorBoard: train and val, by the number of epochs', async () => {
  const directory = newDirectory();
  const history = await fit(() => [tensorBoard(directory)]);
  assert.deepEqual(readdirSync(directory).sort(), ['train', 'val']);
  for (const [part, prefix] of [
    ['train', ''],
    ['val', 'val_'],
  ] as const) {
    const [events = []] = eventsOf(join(directory, part));
    for (const name of ['loss', 'acc']) {
      const values = rounded(history[`${prefix}${name}`]);
      assert.deepEqual(scalars(events, `epoch_${name}`), [
        [1, values[0]],
        [2, values[1]],
      ]);
    }
    const tags = new Set(events.flatMap(({ tag }) => tag ?? []));
    assert.deepEqual([...tags].sort(), ['epoch_acc', 'epoch_loss']);
    assert.equal(
      events.filter(({ graph }) => graph?.includes('BatchNormalization')).length,
      part === 'train' ? 1 : 0,
    );
  }
});

test('robustness is in val under its own names, as figures, picture, table and layout, in any order', async () => {
  const orders: Callbacks[] = [
    (data) => [evaluation(data), tensorBoard(join(root, 'order-0'))],
    (data) => [tensorBoard(join(root, 'order-1')), evaluation(data)],
  ];
  const seen = [];
  for (const [i, callbacks] of orders.entries()) {
    const history = await fit(callbacks);
    const [events = []] = eventsOf(join(root, `order-${i}`, 'val'));
    for (const attack of ['fgsm', 'pgd', 'worst']) {
      for (const point of ['0.0000', '0.0314', '0.1255', 'auc']) {
        const name = `robustness/${attack}/linf/${point}`;
        const values = rounded(history[name]);
        assert.equal(values.length, 2, name);
        assert.deepEqual(scalars(events, name), [
          [1, values[0]],
          [2, values[1]],
        ]);
      }
    }
    const of = (tag: string) => events.filter((event) => event.tag === tag);
    for (const tag of ['robustness/curves', 'robustness/examples']) {
      assert.deepEqual(
        of(tag).map(({ step, plugin }) => [step, plugin]),
        [
          [1, 'images'],
          [2, 'images'],
        ],
      );
    }
    const table = of('robustness/table').at(-1)?.strings?.[0]?.toString() ?? '';
    assert.match(
      table,
      /^accuracy of 8 images\n\n\| linf epsilon \| fgsm \| pgd \| worst \| 95 % interval \|\n/,
    );
    assert.match(table, /\| 32\/255 \| [01]\.\d{3} \| /);
    assert.match(table, /- its last layer, .*, applies a sigmoid/);
    assert.equal(of('custom_scalars__config__').length, 1);
    const train = eventsOf(join(root, `order-${i}`, 'train'))[0] ?? [];
    assert.ok(!train.some(({ tag }) => tag?.includes('robustness')));
    seen.push(events.map(({ tag }) => tag).sort());
  }
  assert.deepEqual(seen[0], seen[1]);
});

test('batches and histograms are written when asked for', async () => {
  const directory = newDirectory();
  await fit(() => [tensorBoard(directory, { updateFreq: 'batch', histogramFreq: 1 })]);
  const [events = []] = eventsOf(join(directory, 'train'));
  assert.deepEqual(
    scalars(events, 'batch_loss').map(([step]) => step),
    [1, 2, 3, 4, 5, 6],
  );
  const histograms = events.filter(({ plugin }) => plugin === 'histograms');
  // Kernel and bias of convolution and classifier, gamma and beta.
  assert.equal(histograms.length, 2 * 6);
  assert.ok(histograms.every(({ tag }) => tag?.startsWith('weights/')));
});

test('a fit that goes on replaces what it repeats, and the callback may be used again', async () => {
  const directory = newDirectory();
  const callback = tensorBoard(directory, { updateFreq: 'batch' });
  await fit(() => [callback]);
  await fit(() => [callback], 1);
  const sessions = eventsOf(join(directory, 'train'));
  assert.equal(sessions.length, 2);
  const starts = sessions.map((events) => events.find(({ sessionStatus }) => sessionStatus === 1)?.step);
  // The second begins after one epoch of three batches.
  assert.deepEqual(starts, [1, 4]);
  assert.deepEqual(
    scalars(sessions[1] ?? [], 'epoch_loss').map(([step]) => step),
    [2, 3],
  );
  const ofValidation = eventsOf(join(directory, 'val')).map(
    (events) => events.find(({ sessionStatus }) => sessionStatus === 1)?.step,
  );
  assert.deepEqual(ofValidation, [1, 2]);
});

test('refuses options that are wrong', () => {
  const wrong: [object, RegExp][] = [
    [
      { updateFreq: 'step' },
      /Option "updateFreq" of tensorBoard: expected "batch" or "epoch", received "step"/,
    ],
    [{ histogramFreq: 0.5 }, /Option "histogramFreq"/],
    [{ histogram: 1 }, /tensorBoard has no option "histogram". Its options: updateFreq, histogramFreq/],
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => tensorBoard('logs', options), { name: 'UsageError', message });
  }
});
