// Logits, losses, metrics and curves beside reference implementations.

import * as tf from '@tensorflow/tfjs';
import type { AttackLoss } from '../../src/attacks/attack.ts';
import { cosPgdLoss } from '../../src/attacks/cos-pgd.ts';
import { type AttackChoice, createAttack } from '../../src/attacks/create.ts';
import { gradient } from '../../src/attacks/gradient.ts';
import { crossEntropy, dlr, dlrTowards, lead } from '../../src/attacks/logit-losses.ts';
import type { PixelLoss } from '../../src/attacks/pixel-losses.ts';
import { seaLosses } from '../../src/attacks/sea-losses.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { robustnessCurves } from '../../src/robustness/curve.ts';
import { metricOf } from '../../src/robustness/metrics/create.ts';
import { ssim } from '../../src/robustness/ssim.ts';
import { type GoldenNet, golden, type Stored, tensorOf } from '../../test/attacks/golden.ts';
import { type Case, type Comparison, type Outcome, within } from './comparison.ts';

const compared = (file: string, name: string, peer: string, compare: () => Outcome): Comparison => ({
  file,
  name,
  peer,
  compare: () => tf.tidy(compare),
});

function nets(classifier: GoldenNet, segmenter: GoldenNet): Comparison[] {
  const all = [
    ['classifier', classifier, 'ce_input_gradient', 1],
    ['segmenter', segmenter, 'ce_sum_input_gradient', 16 * 16],
  ] as const;
  return all.flatMap(([name, net, key, pixels]) => [
    compared('model', `${name}, logits`, 'PyTorch', () =>
      within('values', net.logits(net.images).dataSync(), (net.stored.expected.logits as Stored).data, 2e-5),
    ),
    compared('model', `${name}, gradient`, 'PyTorch', () => {
      const loss = lossOf('crossEntropy');
      const slope = gradient((images) => loss(net.logits(images), net.labels), net.images).mul(pixels);
      return within('values', slope.dataSync(), (net.stored.expected[key] as Stored).data, 2e-6, 1e-4);
    }),
  ]);
}

function losses(net: GoldenNet): Comparison[] {
  const stored = golden<Record<string, Stored>>('metrics');
  const towards = dlrTowards(Array.from(net.stored.target_labels.data));
  const margin: AttackLoss = (logits, labels) => lead(logits, labels).neg();
  const all: [name: string, peer: string, loss: AttackLoss][] = [
    ['ce', 'PyTorch', crossEntropy],
    ['margin', 'adv_lib', margin],
    ['dlr', 'autoattack', dlr],
    ['dlrTargeted', 'autoattack', towards],
  ];
  return all.map(([name, peer, loss]) =>
    compared('metrics', name, peer, () => {
      const logits = tensorOf(net.stored.expected.logits as Stored);
      return within('values', loss(logits, net.labels).dataSync(), (stored[name] as Stored).data, 1e-5);
    }),
  );
}

function pixelLosses(net: GoldenNet): Comparison[] {
  const stored = golden<Record<string, Stored>>('seg-losses');
  const scored = golden<{ segmenter: { logits: Stored } }>('metrics');
  const all: [name: string, peer: string, loss: PixelLoss][] = [
    ['ce', 'PyTorch', seaLosses.crossEntropy!(false, 0, 1)],
    ['cospgd_official_softmax (weight*CE)', 'cospgd', cosPgdLoss(false)],
    ['segpgd_t3_T10 (SEA, per pixel)', 'robust-segmentation', seaLosses.segPgd!(false, 3, 10)],
    ['js_per_pixel (SEA)', 'robust-segmentation', seaLosses.jensenShannon!(false, 0, 1)],
    ['masked_ce (SEA)', 'robust-segmentation', seaLosses.maskedCrossEntropy!(false, 0, 1)],
    ['mask_norm_corrlog (SEA)', 'robust-segmentation', seaLosses.maskedSpherical!(false, 0, 1)],
  ];
  return all.map(([name, peer, loss]) =>
    compared('metrics', `of pixels: ${name}`, peer, () => {
      const logits = tensorOf(scored.segmenter.logits);
      const found = loss(logits, { map: net.labels, weights: tf.ones(net.labels.shape) });
      return within('values', found.dataSync(), (stored[name] as Stored).data, 1e-5);
    }),
  );
}

function metrics(classifier: GoldenNet, segmenter: GoldenNet): Comparison[] {
  const { dice, ssim: similar } = golden<{
    dice: Record<string, number[][]>;
    ssim: Record<string, Stored>;
  }>('metrics');
  const perClass = dice['per_sample_per_class (MONAI DiceMetric include_background)'] ?? [];
  const of = metricOf('dice').perImage as NonNullable<ReturnType<typeof metricOf>['perImage']>;
  return [
    compared('metrics', 'SSIM', 'MONAI', () => {
      const { cases } = golden<{ cases: Record<string, Case> }>('fgsm');
      const moved = tensorOf<tf.Tensor4D>((cases['eps0.03'] as Case).adversarial);
      const expected = similar['same, MONAI SSIMMetric'] as Stored;
      return within('values', ssim(classifier.images, moved), expected.data, 1e-5);
    }),
    compared('metrics', 'Dice', 'MONAI', () =>
      within(
        'values',
        of(segmenter.logits(segmenter.images), segmenter.labels),
        perClass.map(([, a = 0, b = 0]) => (a + b) / 2),
        1e-6,
      ),
    ),
  ];
}

const curveAttacks: Readonly<Record<string, AttackChoice>> = {
  'FGSM Linf (foolbox)': { name: 'fgsm' },
  'PGD-40 Linf rel_stepsize 0.1 no random start (foolbox)': {
    name: 'pgd',
    steps: 40,
    stepSize: 0.1,
    randomStart: false,
  },
};

/** Whole curves; they are computed before, as data are read in turn. */
export async function curveComparisons(net: GoldenNet): Promise<Comparison[]> {
  const stored = golden<Record<string, { eps: number[]; accuracy: number[] }>>('curves');
  const made: Comparison[] = [];
  for (const [name, choice] of Object.entries(curveAttacks)) {
    const { eps: epsilons, accuracy } = stored[name] as { eps: number[]; accuracy: number[] };
    async function* data() {
      const [images, labels] = [net.images.clone(), net.labels.clone()];
      yield { ids: [], images, labels, [Symbol.dispose]: () => tf.dispose([images, labels]) };
    }
    const { curves } = await robustnessCurves(data(), {
      net,
      attacks: [createAttack(choice)],
      norm: 'linf',
      epsilons,
      metric: { name: 'accuracy', metric: metricOf('accuracy') },
      loss: lossOf('crossEntropy'),
      random: createRandom(1),
    });
    const values = curves[0]?.points.map(({ value }) => value) ?? [];
    made.push(
      compared('soft-references', name, 'foolbox', () =>
        within('accuracy at each epsilon', values, accuracy, 0),
      ),
    );
  }
  return made;
}

export function measureComparisons(classifier: GoldenNet, segmenter: GoldenNet): Comparison[] {
  return [
    ...nets(classifier, segmenter),
    ...losses(classifier),
    ...pixelLosses(segmenter),
    ...metrics(classifier, segmenter),
  ];
}
