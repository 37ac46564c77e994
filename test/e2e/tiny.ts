import type { Experiment } from '../../src/train/experiment.ts';

/** Everything that a run does, in seconds on any engine. Not a test: the tests train it. */
export default {
  name: 'tiny',
  seed: 7,
  data: {
    dataset: { name: 'skinLesions', count: 40, size: 16, difficulty: 0, task: 'segmentation' },
    split: { validation: 0.3, test: 0.3 },
    batchSize: 4,
  },
  net: { name: 'unet', depth: 1, filters: 2 },
  loss: 'diceCrossEntropy',
  optimizer: { name: 'adam', learningRate: 0.02 },
  epochs: 4,
  metrics: ['pixelAccuracy', 'dice'],
  robustness: {
    attacks: [{ name: 'fgsm' }, { name: 'pgd', steps: 2 }],
    norm: 'linf',
    epsilons: [0, 4 / 255, 8 / 255],
    everyEpochs: 2,
    images: 6,
    corruptions: ['blur', 'ricianNoise'],
    noise: 'gaussianNoise',
    outliers: { name: 'brainPhantoms', count: 8, size: 32 },
  },
} satisfies Experiment;
