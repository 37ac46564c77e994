import type { Experiment } from '../src/train/experiment.ts';

/**
 * U-Net that outlines the skin lesions of ISIC 2017, at 64 × 64, and what dense adversary generation makes it see: no
 * lesion at all, lesion and skin swapped, and a lesion that has grown.
 *
 *   npm run train -- isic-lesion-targets
 *
 * The three targets are those of Paschali et al. 2018, arXiv:1804.00504. The pictures are
 * images/epoch-0008-examples.png of the run, and TensorBoard's robustness/examples, at 32/255.
 *
 * Measured on two cores of an AMD EPYC, beside a few short commands: 2 min 30 s in all; validation Dice 0.869. Dice of 16
 * images, 0.872 clean, at 32/255: 0.216 where the lesion shall vanish, 0.119 where classes are swapped, 0.605 where it shall
 * grow, 0.046 under the worst of them.
 *
 * The data: see isic-lesion-unet.
 */
const directory = process.env.ISIC2017 ?? 'data/isic2017';

export default {
  name: 'isic-lesion-targets',
  seed: 1,
  data: {
    dataset: {
      name: 'imageMasks',
      images: `${directory}/images`,
      masks: `${directory}/masks`,
      maskSuffix: '_segmentation',
      classes: ['skin', 'lesion'],
      size: [64, 64],
    },
    split: { validation: 0.15, test: 0.15 },
    batchSize: 8,
  },
  net: { name: 'unet', depth: 3, filters: 16 },
  loss: 'diceCrossEntropy',
  optimizer: { name: 'adam', learningRate: 0.001 },
  epochs: 8,
  metrics: ['dice'],
  robustness: {
    attacks: [
      { name: 'dag', towards: 'background', as: 'dag-background' },
      { name: 'dag', towards: 'swap', as: 'dag-swap' },
      { name: 'dag', towards: 'dilate', radius: 5, as: 'dag-dilate' },
    ],
    norm: 'linf',
    epsilons: [0, 8 / 255, 32 / 255, 64 / 255],
    everyEpochs: 8,
    images: 16,
  },
} satisfies Experiment;
