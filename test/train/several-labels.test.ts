// Images with several labels, from a table to the robustness curve.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { openDataset } from '../../src/data/create.ts';
import { UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { evaluate, loadNet } from '../../src/train/evaluate.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { inspect } from '../../src/train/inspect.ts';
import { openSplits } from '../../src/train/splits.ts';
import { train } from '../../src/train/train.ts';
import { raster, says, writeImage, writeText } from '../data/fixtures.ts';
import { temporaryDirectory } from './support.ts';

const folder = temporaryDirectory();
let experiment: Experiment;

/** Grey images that are brighter on the left, at the top, or in neither place; a few labels are not known. */
before(async () => {
  const random = createRandom(4);
  const lines = ['image_id,left,top'];
  for (let i = 0; i < 48; i++) {
    const [left, top] = [random.integer(2), random.integer(2)];
    const image = raster(12, 12, 1, (row, column) => {
      const bright = (column < 6 ? left : 0) + (row < 6 ? top : 0);
      return 60 + 60 * bright + random.integer(30);
    });
    await writeImage(join(folder, 'data', `${i}.png`), image);
    lines.push(`${i},${i % 9 === 0 ? -1 : left},${i % 7 === 0 ? '' : top}`);
  }
  const csv = await writeText(join(folder, 'data', 'labels.csv'), lines.join('\n'));
  experiment = {
    name: 'several',
    seed: 2,
    data: {
      dataset: {
        name: 'imageCsv',
        csv,
        classes: ['left', 'top'],
        multiLabel: true,
        size: [12, 12],
        channels: 1,
      },
      split: { validation: 0.3, test: 0 },
      batchSize: 8,
      classWeights: 'balanced',
      augment: [
        { name: 'noise', deviation: 0.01 },
        { name: 'rotate', degrees: 3 },
        { name: 'mixup', alpha: 0.1 },
      ],
    },
    net: { name: 'resnet', depth: 18, stem: 'small', filters: 4 },
    loss: 'binaryCrossEntropy',
    optimizer: { name: 'adam', learningRate: 0.01 },
    epochs: 6,
    metrics: ['labelAccuracy', 'exactMatch', 'labelAuroc'],
    robustness: {
      attacks: [{ name: 'fgsm' }, { name: 'pgd', steps: 4 }, { name: 'apgd', steps: 4 }],
      norm: 'linf',
      epsilons: [0.05, 0.3],
      everyEpochs: 6,
      images: 12,
    },
  };
});

test('a net learns several labels, and is measured and attacked on all of them', async () => {
  const { net, records, path } = await train(experiment, { directory: join(folder, 'runs'), workers: 1 });
  const last = records.at(-1) as Record<string, unknown> & (typeof records)[number];
  const value = (name: string) => last.measurements[name] as number;
  assert.ok(value('validation/labelAuroc') > 0.9, `AUROC ${value('validation/labelAuroc')}`);
  const ofLabels = ['left', 'top'].map((label) => value(`validation/labelAuroc/${label}`));
  assert.ok(
    Math.abs(((ofLabels[0] as number) + (ofLabels[1] as number)) / 2 - value('validation/labelAuroc')) <
      1e-12,
  );
  assert.ok(value('validation/exactMatch') <= value('validation/labelAccuracy'));
  const { curves, worst } = JSON.parse(await readFile(join(path, 'curves', 'epoch-0006.json'), 'utf8'));
  assert.deepEqual(
    curves.map(({ attack }: { attack: string }) => attack),
    ['fgsm', 'pgd', 'apgd'],
  );
  const values = worst.points.map((point: { value: number }) => point.value) as number[];
  assert.ok((values[2] as number) < (values[0] as number) - 0.2, `${values}`);
  assert.deepEqual(
    worst.classes.map((one: { class: string }) => one.class),
    ['left', 'top'],
  );
  const examples = JSON.parse(await readFile(join(path, 'images', 'epoch-0006-examples.json'), 'utf8'));
  for (const { truth } of examples.rows) assert.match(truth, /^(left\??, top\??|left\??|top\??|none)$/);

  const { validation } = await openSplits(experiment, createRandom(experiment.seed));
  const model = await loadNet(path, experiment, 6, validation);
  const { clean } = await evaluate(model, experiment, { split: 'validation', dataset: validation });
  assert.equal(clean.labelAccuracy, value('validation/labelAccuracy'));
  assert.equal(clean.labelAuroc, value('validation/labelAuroc'));
  model.dispose();
  net.model.dispose();
});

test('what is for one label is refused before anything is made', async () => {
  const directory = join(folder, 'refused');
  const refuses = (changes: Partial<Experiment>, ...parts: string[]) =>
    assert.rejects(
      train({ ...experiment, ...changes } as Experiment, { directory }),
      says(UsageError, ...parts),
    );
  const robustness = experiment.robustness as NonNullable<Experiment['robustness']>;
  await refuses({ metrics: ['accuracy'] }, 'metrics', 'multilabel', 'labelAccuracy');
  await refuses(
    { robustness: { ...robustness, attacks: [{ name: 'deepFool' }] } },
    'deepFool',
    'several labels',
  );
  await refuses({ robustness: { ...robustness, ambiguity: true } }, 'robustness.ambiguity');
  const { classWeights: _, ...unweighted } = experiment.data;
  await refuses({ loss: 'dice', data: unweighted }, 'dice', 'segmentation');
  await refuses({ metrics: ['labelAuroc'] }, 'score for each image');
  const { dataset } = experiment.data;
  const oneHot = { ...dataset, multiLabel: false, otherClass: 'none' } as Experiment['data']['dataset'];
  await refuses({ data: { ...experiment.data, dataset: oneHot } }, 'received');
});

test('inspect counts the images that have each label', async () => {
  const dataset = await openDataset(experiment.data.dataset);
  const { all, task } = await inspect(dataset);
  assert.equal(task, 'multilabel');
  const expected = [0, 1].map((k) => dataset.samples.filter(({ labels }) => labels?.[k] === 1).length);
  assert.deepEqual(all.classes, expected);
});
