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
