import type { Experiment } from '../src/train/experiment.ts';

/**
 * A ResNet-18 of a quarter of the width on PneumoniaMNIST, trained against PGD.
 */
export default {
  name: 'pneumonia-pgd',
  seed: 1,
  data: {
    dataset: { name: 'medmnist', file: process.env.PNEUMONIAMNIST ?? 'data/pneumoniamnist.npz' },
    batchSize: 32,
  },
  net: { name: 'resnet', depth: 18, stem: 'small', filters: 16 },
  loss: { name: 'crossEntropy', classWeights: [5, 0.55] },
  optimizer: { name: 'adamW', learningRate: 0.001, weightDecay: 0.0001 },
  defence: { name: 'pgd', epsilon: 4 / 255, steps: 7 },
  epochs: 5,
  metrics: ['accuracy', 'auroc'],
  robustness: {
    attacks: [{ name: 'pgd', steps: 20, stepSize: 0.125 }],
    norm: 'linf',
    epsilons: [0, 1 / 255, 2 / 255, 4 / 255, 8 / 255],
    everyEpochs: 5,
    images: 64,
  },
  checkpoints: { best: 'validation/auroc' },
} satisfies Experiment;
