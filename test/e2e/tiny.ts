import type { Experiment } from '../../src/train/experiment.ts';

/** Everything that a run does, in a few seconds on any engine. Not a test: the tests run it. */
export default {
  name: 'tiny',
  seed: 7,
  data: {
    dataset: { name: 'skinLesions', count: 60, size: 16, difficulty: 0 },
    split: { validation: 0.2, test: 0.2 },
    batchSize: 8,
  },
  net: { name: 'resnet', depth: 18, stem: 'small', filters: 4 },
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
