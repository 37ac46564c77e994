// A page's data with names that would be markup, were they not escaped.

import type { CurveData, GalleryData, MeasuredData, PageData, RunData } from '../../src/report/page/data.ts';

export const hostile = `</script><img src=x onerror="document.title='broken'">`;

const epsilons = [0, 2 / 255, 4 / 255, 8 / 255];

function curve(attack: string, values: readonly number[], flags: readonly string[] = []): CurveData {
  return {
    attack,
    norm: 'linf',
    metric: 'accuracy',
    points: epsilons.map((epsilon, i) => {
      const value = values[i] as number;
      return {
        epsilon,
        value,
        low: Math.max(0, value - 0.1),
        high: Math.min(1, value + 0.1),
        ssim: 1 - epsilon,
      };
    }),
    raw: values.map((value, i) => (i === 2 ? value + 0.05 : value)),
    images: 40,
    cost: { gradients: 400, forwards: 800, seconds: 1.5 },
    flags,
    classes: [
      { name: 'benign', values },
      { name: hostile, values: values.map((value) => value / 2) },
    ],
  };
}

export function measured(label: string, epoch?: number): MeasuredData {
  const flags = ['raw-rises: accuracy is 5 points higher at epsilon 0.0157 than before it.'];
  return {
    label,
    ...(epoch !== undefined ? { epoch } : { clean: { loss: 0.4, accuracy: 0.85 } }),
    curves: [curve('fgsm', [0.9, 0.6, 0.4, 0.3], flags), curve('pgd', [0.9, 0.4, 0.2, 0.1])],
    worst: curve('worst', [0.9, 0.35, 0.2, 0.1]),
    control: { noise: 'gaussianNoise', points: epsilons.map((epsilon) => ({ epsilon, value: 0.88 })) },
  };
}

/** Grey, 1 × 1. */
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGOoBwAAgQCAhgNTOQAAAABJRU5ErkJggg==';

export const gallery: GalleryData = {
  epoch: 2,
  norm: 'linf',
  epsilon: 4 / 255,
  key: [{ name: hostile, colour: '#d55e00' }],
  rows: [
    {
      id: hostile,
      truth: 'benign',
      labels: pixel,
      clean: { image: pixel, width: 32, height: 32, found: 'benign', prediction: pixel },
      adversarial: ['fgsm', 'pgd'].map((attack) => ({
        ...{ attack, image: pixel, difference: pixel, width: 32, height: 32, prediction: pixel },
        ...{ found: hostile, factor: 20, ssim: 0.98, linf: 4 / 255, l2: 0.4, l0: 0.95 },
      })),
    },
  ],
};

export function run(changes: Partial<RunData> = {}): RunData {
  const records = [1, 2].map((epoch) => ({
    epoch,
    step: 10 * epoch,
    measurements: {
      'train/loss': 1 / epoch,
      'validation/loss': 1.2 / epoch,
      'validation/accuracy': 0.7 + 0.1 * epoch,
      'robustness/worst/linf/0.0157': 0.3 - 0.05 * epoch,
      'robustness/worst/linf/auc': 0.4 - 0.05 * epoch,
    },
  }));
  return {
    id: `${hostile}/20260101-000000-1`,
    experiment: hostile,
    net: 'resnet',
    seed: 1,
    epochs: 3,
    metrics: ['accuracy'],
    status: 'running',
    command: `medrobust train ${hostile}`,
    environment: [['engine', 'cpu']],
    definition: JSON.stringify({ name: hostile, seed: 1, net: { name: 'resnet' } }),
    records,
    best: { measurement: 'validation/accuracy', better: 'higher', epoch: 2, value: 0.9 },
    robustBest: { measurement: 'robustness/worst/linf/auc', better: 'higher', epoch: 1, value: 0.35 },
    measured: [measured('validation, epoch 1', 1), measured('validation, epoch 2', 2)],
    diagnoses: [
      {
        label: 'test, best checkpoint',
        flags: ['zero-gradients: half of the gradients are 0 everywhere.'],
        checks: [{ name: 'zero-gradients', figure: 'share', verdict: 'raised', value: 0.5, threshold: 0 }],
      },
    ],
    gallery,
    checkpoints: [
      { name: 'epoch-0002', epoch: 2, why: ['last'], bytes: 2 ** 20, values: [['validation/accuracy', 0.9]] },
    ],
    ...changes,
  };
}

export function pageData(runs: readonly RunData[] = [run()]): PageData {
  const note = { raised: 'a `raw` value rises.', explanation: 'It overshoots.', advice: 'Quote `pgd`.' };
  return { title: hostile, made: '2026-01-01T00:00:00.000Z', runs, notes: { 'raw-rises': note } };
}
