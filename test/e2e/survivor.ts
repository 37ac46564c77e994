// Begins a run in the directory that is given, or goes on with the one there; a process that tests kill. It says when it
// trains, and how much of its time that took.

import type { Callback } from '../../src/train/callback.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { latestRun } from '../../src/train/run-directory.ts';
import { resume, train } from '../../src/train/train.ts';

/** Every kind of state that a run may have to keep, in epochs of some tens of milliseconds. */
export const survivor = {
  name: 'survivor',
  seed: 11,
  data: {
    dataset: { name: 'skinLesions', count: 30, size: 16, difficulty: 0 },
    split: { validation: 0.2, test: 0.1 },
    batchSize: 3,
    augment: [{ name: 'flip' }, { name: 'noise' }, { name: 'mixup', alpha: 1 }],
    sampling: 'balanced',
  },
  net: { name: 'cifarResnet', depth: 8, width: 0.25, dropout: 0.2 },
  loss: { name: 'crossEntropy', labelSmoothing: 0.1 },
  optimizer: { name: 'adam', learningRate: 0.01, averageDecay: 0.9, clipNorm: 1 },
  accumulate: 2,
  schedule: { name: 'plateau', measurement: 'validation/loss', patience: 2 },
  epochs: 16,
  metrics: ['accuracy'],
  robustness: {
    attacks: [{ name: 'pgd', steps: 2 }],
    norm: 'linf',
    epsilons: [0, 8 / 255],
    everyEpochs: 4,
    images: 4,
    trainImages: 4,
  },
  checkpoints: { best: ['validation/accuracy', 'robustness/worst/linf/auc'] },
} satisfies Experiment;

const [directory] = process.argv.slice(2);
if (directory && process.send) {
  const say = process.send.bind(process);
  let started = 0;
  const callback: Callback = {
    name: 'survivor',
    onRunStart() {
      started = performance.now();
      say('training');
    },
    onRunEnd() {
      say({ milliseconds: performance.now() - started });
    },
  };
  const options = { callbacks: [callback], workers: 0 };
  const run = await latestRun(directory, survivor.name);
  await (run ? resume(run, options) : train(survivor, { ...options, directory }));
  process.disconnect();
}
