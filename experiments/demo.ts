import type { Experiment } from '../src/train/experiment.ts';

/**
 * A small ResNet-18 on drawn skin lesions, attacked after every epoch: the whole of medrobust in a minute or
 * two, without a download.
 *
 *   npm run demo
 *   npm run train -- demo
 *
 * Measured on two cores of an AMD EPYC with the onednn engine: 70 s from a fresh clone by `npm run demo`, of which
 * 35 s are training and attacks. Validation accuracy 0.944 after the last epoch; of the 64 attacked images 0.969
 * are right, under noise of 8/255 0.906, under PGD-10 within 1/255 0.156 and within 4/255 none.
 */
export default {
  name: 'demo',
  seed: 1,
  data: {
    dataset: { name: 'skinLesions', count: 900, size: 64, difficulty: 0.3 },
    split: { validation: 0.2, test: 0.2 },
    batchSize: 32,
  },
  net: { name: 'resnet', depth: 18, stem: 'imagenet', filters: 16 },
  loss: 'crossEntropy',
  optimizer: { name: 'adam', learningRate: 0.001 },
  epochs: 8,
  metrics: ['accuracy', 'auroc'],
  robustness: {
    attacks: [{ name: 'fgsm' }, { name: 'pgd', steps: 10 }, { name: 'gaussianNoise' }],
    norm: 'linf',
    epsilons: [0, 1 / 255, 2 / 255, 4 / 255, 8 / 255],
    everyEpochs: 1,
    images: 64,
  },
  checkpoints: { best: 'validation/accuracy' },
} satisfies Experiment;
