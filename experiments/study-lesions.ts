import type { Experiment } from '../src/train/experiment.ts';

/**
 * The study on skin lesions: Inception-v3, Inception-v4, MobileNet and ResNet-18, all of them reduced, on ISIC 2017 at
 * 112 × 112, under noise, FGSM, DeepFool and, by `evaluate --norm l0`, JSMA. What differs is the net, by `--set`; `script/study`
 * runs all of them, each with three seeds, and experiments/README.md has the results.
 *
 *   npm run train -- study-lesions --seeds 1,2,3
 *   npm run train -- study-lesions --seeds 1,2,3 --set net=resnet --set net.width=0.25
 *
 * Kinds of nets and attacks are those of Paschali et al. 2018, arXiv:1804.00504. Sizes are not: images, widths and epochs
 * are cut down to what one processor core trains in a few minutes, and nothing is pretrained.
 *
 * Measured on one core of an AMD EPYC beside so much other work that it had a part of it: 1 to 5 min a net and seed to
 * train, 1 to 3 min to attack.
 *
 * Nets without shortcuts need the larger steps: at a learning rate of 0.001 and 8 epochs (392 steps) the training loss of
 * MobileNet at a quarter of its width stayed at 1.07, where guessing is 1.10, and that of timm's in PyTorch, with the
 * same settings, at 1.15; either learned 16 images by heart in 20 steps. ResNet-18 learned well with 0.001, too. At
 * 80 × 80 the Inceptions did not learn: their last maps are a single pixel
 * there, and batch normalisation has nothing but the batch.
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
  optimizer: { name: 'adamW', learningRate: 0.003, weightDecay: 0.01 },
  schedule: { name: 'cosine', warmUp: 1 },
  epochs: 10,
  metrics: ['accuracy', 'auroc'],
  robustness: {
    attacks: [{ name: 'fgsm' }, { name: 'deepFool' }, { name: 'gaussianNoise' }],
    norm: 'linf',
    epsilons: [0, 0.5 / 255, 1 / 255, 2 / 255, 4 / 255],
    everyEpochs: 10,
    images: 8,
  },
  checkpoints: { best: 'validation/auroc' },
} satisfies Experiment;
