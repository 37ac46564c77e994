// The nets whose robustness is compared with what other programs make of them; each is trained for it in a few minutes.

import type { AttackChoice } from '../src/attacks/create.ts';
import type { Experiment } from '../src/train/experiment.ts';

export interface AttackedCase {
  readonly experiment: Experiment;
  /** How many of the test images are attacked. */
  readonly images: number;
  /** How many at once; as in training by default. */
  readonly batch?: number;
  readonly epsilons: readonly number[];
  /** Where its data are looked for, and how another place is named. */
  readonly needs?: { readonly path: string; readonly variable: string };
}

const shared = {
  seed: 1,
  loss: 'crossEntropy',
  optimizer: { name: 'adam', learningRate: 0.001 },
  metrics: ['accuracy'],
} as const;

const isic = process.env.ISIC2017 ?? 'data/isic2017';
const pneumonia = process.env.PNEUMONIAMNIST ?? 'data/pneumoniamnist.npz';
const kermany = process.env.KERMANY ?? 'data/kermany';

/** Drawn lesions, so that it needs no data. */
export const curveCase: AttackedCase = {
  experiment: {
    ...shared,
    name: 'resnet18-64',
    data: {
      dataset: { name: 'skinLesions', count: 1280, size: 64, difficulty: 0.3 },
      split: { validation: 0.1, test: 0.2 },
      batchSize: 64,
    },
    net: { name: 'resnet', depth: 18 },
    epochs: 4,
  },
  images: 256,
  epsilons: [0.5, 1, 2, 4, 8, 16].map((levels) => levels / 255),
};

const pneumoniaCase = {
  images: 256,
  batch: 256,
  needs: { path: pneumonia, variable: 'PNEUMONIAMNIST' },
};
const ofPneumonia = { dataset: { name: 'medmnist', file: pneumonia }, batchSize: 64 } as const;

/**
 * Real data, as they are in the experiments of this repository; KERMANY is a folder with NORMAL/ and PNEUMONIA/. Narrow
 * nets, so that thousands of queries of each image take minutes. The last one is trained against the attack, as in
 * experiments/pneumonia-pgd.
 */
export const strengthCases: readonly AttackedCase[] = [
  {
    experiment: {
      ...shared,
      name: 'pneumonia-resnet18',
      data: ofPneumonia,
      net: { name: 'resnet', depth: 18, filters: 16 },
      epochs: 5,
    },
    ...pneumoniaCase,
    epsilons: [0, 3 / 255],
  },
  {
    experiment: {
      ...shared,
      name: 'isic-resnet18',
      data: {
        dataset: {
          name: 'imageCsv',
          csv: `${isic}/train_GroundTruth.csv`,
          images: `${isic}/images`,
          idColumn: 'image_id',
          classes: ['melanoma', 'seborrheic_keratosis'],
          otherClass: 'nevus',
          size: [64, 64],
        },
        split: { validation: 0.1, test: 0.25 },
        batchSize: 32,
      },
      net: { name: 'resnet', depth: 18, filters: 16 },
      epochs: 15,
    },
    images: 256,
    batch: 256,
    epsilons: [0, 0.5 / 255],
    needs: { path: isic, variable: 'ISIC2017' },
  },
  {
    experiment: {
      ...shared,
      name: 'kermany-resnet18',
      data: {
        dataset: { name: 'imageFolder', directory: kermany, channels: 1, size: [64, 64] },
        split: { validation: 0.1, test: 0.35 },
        batchSize: 64,
      },
      net: { name: 'resnet', depth: 18, filters: 16 },
      epochs: 8,
    },
    images: 256,
    batch: 256,
    epsilons: [0, 1.5 / 255],
    needs: { path: kermany, variable: 'KERMANY' },
  },
  {
    experiment: {
      ...shared,
      name: 'pneumonia-pgd',
      data: ofPneumonia,
      net: { name: 'resnet', depth: 18, filters: 16 },
      loss: { name: 'crossEntropy', classWeights: [5, 0.55] },
      defence: { name: 'pgd', epsilon: 4 / 255, steps: 7 },
      epochs: 8,
    },
    ...pneumoniaCase,
    epsilons: [0, 4 / 255],
  },
];

/** How many gradients of each image the attacks on segmenters may take at every epsilon. */
const gradients = 120;
const walk = { steps: gradients, stepSize: 0.05 };

export const segmentationCase: AttackedCase & { readonly attacks: readonly AttackChoice[] } = {
  experiment: {
    ...shared,
    name: 'isic-unet-64',
    data: {
      dataset: {
        name: 'imageMasks',
        images: `${isic}/images`,
        masks: `${isic}/masks`,
        maskSuffix: '_segmentation',
        classes: ['skin', 'lesion'],
        size: [64, 64],
      },
      split: { validation: 0.1, test: 0.1 },
      batchSize: 16,
    },
    net: { name: 'unet', depth: 3, filters: 16 },
    loss: 'diceCrossEntropy',
    epochs: 8,
    metrics: ['dice'],
  },
  images: 16,
  epsilons: [0.5, 1, 2].map((levels) => levels / 255),
  needs: { path: isic, variable: 'ISIC2017' },
  attacks: [
    { name: 'pgd', ...walk },
    { name: 'segPgd', ...walk },
    { name: 'cosPgd', ...walk },
    { name: 'sea', steps: gradients / 4 },
  ],
};
