import type { Experiment } from '../src/train/experiment.ts';

/**
 * The study on MRI of the brain: U-Net, SegNet and DenseUNet, small ones, on sagittal slices of the hippocampus, under
 * noise and under dense adversary generation with the three targets of Paschali et al. 2018, arXiv:1804.00504: nothing but
 * background, classes swapped, a class that has grown. What differs is the net, by `--set`; `script/study` runs all of
 * them, each with three seeds, and experiments/README.md has the results.
 *
 *   npm run train -- study-hippocampus --seeds 1,2,3
 *
 * Measured on one core of an AMD EPYC beside so much other work that it had only a part of it: 0.5 to 4.5 min a net and
 * seed to train, and 1 to 3 min to attack 32 test slices, most of it in DAG.
 *
 * The data: see hippocampus-unet; the paper segments a whole brain, which these volumes are not.
 */
const directory = process.env.HIPPOCAMPUS ?? 'data/hippocampus';

/** A seventh of the usual steps, each twice as long: by far the most time goes into them. */
const steps = { steps: 30, stepSize: 1 / 255 };

export default {
  name: 'study-hippocampus',
  seed: 1,
  data: {
    dataset: {
      name: 'niftiSlices',
      images: `${directory}/images`,
      masks: `${directory}/labels`,
      classes: ['background', 'anterior', 'posterior'],
      plane: 'sagittal',
      slices: 'labelled',
      size: [48, 56],
    },
    split: { validation: 0.15, test: 0.45 },
    batchSize: 8,
    augment: [{ name: 'rotate', degrees: 10 }, { name: 'scale', from: 0.9, to: 1.1 }, { name: 'gamma' }],
  },
  net: { name: 'unet', depth: 3, filters: 8 },
  loss: 'diceCrossEntropy',
  optimizer: { name: 'adamW', learningRate: 0.003, weightDecay: 0.01 },
  schedule: { name: 'cosine', warmUp: 0.5 },
  epochs: 3,
  metrics: ['dice', 'iou'],
  robustness: {
    attacks: [
      { name: 'dag', towards: 'background', ...steps, as: 'dagBackground' },
      { name: 'dag', towards: 'swap', ...steps, as: 'dagSwap' },
      { name: 'dag', towards: 'dilate', ...steps, as: 'dagDilate' },
      { name: 'gaussianNoise' },
    ],
    norm: 'linf',
    epsilons: [0, 2 / 255, 4 / 255, 8 / 255, 12 / 255, 16 / 255, 24 / 255],
    everyEpochs: 3,
    images: 6,
  },
  checkpoints: { best: 'validation/dice' },
} satisfies Experiment;
