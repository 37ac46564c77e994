import type { Experiment } from '../src/train/experiment.ts';

/**
 * The study on skin lesions: Inception-v3, Inception-v4, MobileNet and ResNet-18 at a quarter of their width, on ISIC 2017 at
 * 112 × 112, under noise, FGSM, DeepFool and, by `evaluate --norm l0`, JSMA. What differs is the net, by `--set`; `script/study`
 * runs all of them, each with three seeds, and experiments/README.md has the results.
 *
 *   npm run train -- study-lesions --seeds 1,2,3
 *   npm run train -- study-lesions --seeds 1,2,3 --set net=resnet --set net.width=0.25
 *
 * Kinds of nets and attacks are those of Paschali et al. 2018, arXiv:1804.00504. Sizes are not: images, widths and epochs
 * are cut down to what one processor core trains in a few minutes, and nothing is pretrained.
 *
 * Measured on one core of an AMD EPYC beside so much other work that it had only a part of it: 2 to 8 min a net and seed to
 * train, 1 to 3 min to attack. AUROC of the test images with seed 1: resnet 0.736, inceptionV3 0.644, inceptionV4 0.599,
 * mobilenetV1 0.550. At 80 × 80 the Inceptions did not learn: their last maps are a single pixel there, and batch
 * normalisation has nothing but the batch.
 *
 * The data: see isic-inceptionV3.
 */
const directory = process.env.ISIC2017 ?? 'data/isic2017';

export default {
  name: 'study-lesions',
  seed: 1,
  data: {
    dataset: {
      name: 'imageCsv',
      csv: `${directory}/train_GroundTruth.csv`,
      images: `${directory}/images`,
      idColumn: 'image_id',
      classes: ['melanoma', 'seborrheic_keratosis'],
      otherClass: 'nevus',
      size: [112, 112],
    },
    split: { validation: 0.15, test: 0.2 },
    batchSize: 16,
    augment: [{ name: 'flip', vertical: true }],
    // Two of three lesions are nevi: a net that answers nevus always would be right often, and could not be attacked.
    sampling: 'balanced',
  },
  net: { name: 'inceptionV3', width: 0.25 },
  loss: 'crossEntropy',
  optimizer: { name: 'adamW', learningRate: 0.001, weightDecay: 0.01 },
  schedule: { name: 'cosine', warmUp: 1 },
  epochs: 8,
  metrics: ['accuracy', 'auroc'],
  robustness: {
    attacks: [{ name: 'fgsm' }, { name: 'deepFool' }, { name: 'gaussianNoise' }],
    norm: 'linf',
    epsilons: [0, 0.5 / 255, 1 / 255, 2 / 255, 4 / 255],
    everyEpochs: 8,
    images: 8,
  },
  checkpoints: { best: 'validation/auroc' },
} satisfies Experiment;
