// What the tests of training share.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Experiment } from '../../src/train/experiment.ts';

/** A directory that is removed when the tests of the file are done. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'medrobust-test-'));
  after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A U-Net of two stages on drawn lesions: an epoch of four steps in a fraction of a second. */
export const segmentation = {
  name: 'outline',
  seed: 3,
  data: {
    dataset: { name: 'skinLesions', count: 24, size: 16, difficulty: 0, task: 'segmentation' },
    split: { validation: 0.25, test: 0.25 },
    batchSize: 3,
  },
  net: { name: 'unet', depth: 1, filters: 2 },
  loss: 'diceCrossEntropy',
  optimizer: { name: 'adam', learningRate: 0.02 },
  epochs: 3,
  metrics: ['dice', 'pixelAccuracy'],
} satisfies Experiment;

/** Everything that an experiment can say, for tests that do not train. */
export const classification = {
  name: 'tell',
  seed: 7,
  data: {
    dataset: { name: 'skinLesions', count: 60, size: 16, difficulty: 0 },
    split: { validation: 0.2, test: 0.2 },
    batchSize: 8,
  },
  net: { name: 'resnet', depth: 18, stem: 'imagenet', filters: 4 },
  loss: 'crossEntropy',
  optimizer: { name: 'adam', learningRate: 0.002 },
  epochs: 4,
  metrics: ['accuracy', 'auroc'],
  robustness: {
    attacks: [{ name: 'fgsm' }, { name: 'pgd', steps: 2 }],
    norm: 'linf',
    epsilons: [0, 4 / 255, 8 / 255],
    everyEpochs: 2,
    images: 6,
  },
} satisfies Experiment;
