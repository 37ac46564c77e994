import type { Experiment } from '../src/train/experiment.ts';

/**
 * Inception-v3 on the skin lesions of ISIC 2017 (melanoma, seborrheic keratosis, nevus), with its auxiliary
 * head, attacked every fifth epoch.
 *
 *   npm run train -- isic-inceptionV3
 *   npm run train -- isic-inceptionV3 --set data.dataset.csv=/where/it/is/train_GroundTruth.csv
 *
 * The data: training images and ground truth of part 3 of the ISIC 2017 challenge
 * (Codella et al. 2018, arXiv:1710.05006, CC0), expected in data/isic2017/ or where ISIC2017 says, as images/ and
 * train_GroundTruth.csv.
 *
 * Measured on two cores of an AMD EPYC beside other work, on 1,200 of the 2,000 training images: 8 min 33 s.
 * Validation AUROC 0.717 (epoch 8), no better than one may expect of 840 images without augmentation; that
 * checkpoint on the test split, by `npm run evaluate -- isic-inceptionV3 --split test`: AUROC 0.708, accuracy
 * 0.661. Accuracy of 64 test images under PGD-10: 0.641 clean, then 0.531, 0.422, 0.281 and 0.125 at 0.5, 1, 2
 * and 4/255; noise of 4/255 changes nothing.
 */
const directory = process.env.ISIC2017 ?? 'data/isic2017';

export default {
  name: 'isic-inceptionV3',
  seed: 1,
  data: {
    dataset: {
      name: 'imageCsv',
      csv: `${directory}/train_GroundTruth.csv`,
      images: `${directory}/images`,
      idColumn: 'image_id',
      classes: ['melanoma', 'seborrheic_keratosis'],
      otherClass: 'nevus',
      size: [128, 128],
    },
    split: { validation: 0.15, test: 0.15 },
    batchSize: 16,
  },
  net: { name: 'inceptionV3', auxiliaryHead: true },
  loss: 'crossEntropy',
  optimizer: { name: 'adam', learningRate: 0.0005 },
  epochs: 10,
  metrics: ['accuracy', 'auroc'],
  robustness: {
    attacks: [{ name: 'fgsm' }, { name: 'pgd', steps: 10 }, { name: 'gaussianNoise' }],
    norm: 'linf',
    epsilons: [0, 0.5 / 255, 1 / 255, 2 / 255, 4 / 255],
    everyEpochs: 5,
    images: 64,
  },
  checkpoints: { best: 'validation/auroc' },
  earlyStop: { measurement: 'validation/auroc', patience: 6 },
} satisfies Experiment;
