// What docs/benchmarks.md says of attacks.

import { levels, milliseconds, type Row, ratioText } from './rows.ts';
import { table } from './table.ts';

/** A part of docs/benchmarks.md. */
export interface Section {
  readonly title: string;
  readonly text: string;
  readonly body: (rows: readonly Row[]) => string;
}

const duration = (time: number) => (time < 1000 ? milliseconds(time) : `${(time / 1000).toFixed(1)} s`);

const valueCells = ({ values = [] }: Row) =>
  values.map(({ ours, reference }) =>
    reference === undefined ? ours.toFixed(3) : `${ours.toFixed(3)} / ${reference.toFixed(3)}`,
  );

const valueColumns = ([first]: readonly Row[]) =>
  (first?.values ?? []).map(({ epsilon }) => (epsilon === 0 ? 'clean' : levels(epsilon)));

function curves(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.name,
    row.reference ?? '',
    duration(row.oursMs),
    ...(row.referenceMs === undefined ? ['', ''] : [duration(row.referenceMs), ratioText(row)]),
    ...valueCells(row),
  ]);
  return table(['curve', 'beside', 'ours', 'theirs', 'theirs / ours', ...valueColumns(rows)], lines);
}

/** Nets differ in their epsilons. */
function strength(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.name,
    String(row.images ?? ''),
    levels(row.values?.at(-1)?.epsilon ?? 0),
    ...valueCells(row),
    duration(row.oursMs),
    row.referenceMs === undefined ? '' : duration(row.referenceMs),
  ]);
  const columns = ['net', 'images', 'epsilon', 'clean', 'under attack', 'time of ours', 'of AutoAttack'];
  return table(columns, lines);
}

function segmentation(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.name,
    (row.gradients ?? 0).toFixed(0),
    duration(row.oursMs),
    ...valueCells(row),
  ]);
  return table(['attack', 'gradients an image', 'time', ...valueColumns(rows)], lines);
}

function figures(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.name,
    String(row.images ?? ''),
    (row.gradients ?? 0).toFixed(1),
    duration(row.oursMs),
    `${row.oursPeakMb?.toFixed(0)} MB`,
  ]);
  return table(['attack', 'images', 'gradients an image', 'time of a batch', 'peak memory'], lines);
}

export const attackSections: Readonly<Record<'curve' | 'strength' | 'segmentation' | 'attack', Section>> = {
  curve: {
    title: 'Robustness curves',
    text: `A ResNet-18 trained by us on drawn lesions at 64 × 64 and exported to PyTorch, where it gives the same logits; 256 images, PGD
with 20 steps and FGSM, in linf. The peers run as their documentation shows, once for every epsilon, in PyTorch's
default memory format; our time includes structural similarity. Accuracy at each epsilon: ours / theirs.`,
    body: curves,
  },
  strength: {
    title: 'Strength of the ensemble',
    text: `\`autoAttack\` beside AutoAttack's standard version, on nets trained by us and exported to PyTorch; accuracy ours / theirs. Of nets
with fewer than four classes, AutoAttack sees logits of −1000 for the missing ones, as its targeted loss takes four.
\`npm run bench -- --kind strength --case <net>\`.`,
    body: strength,
  },
  segmentation: {
    title: 'Attacks on a segmenter',
    text: `A small U-Net trained by us on the skin lesions of ISIC 2017 at 64 × 64: mean Dice of 16 test images under each attack, in linf,
with as many gradients of an image at every epsilon.`,
    body: segmentation,
  },
  attack: {
    title: 'Time and memory of attacks',
    text: 'Whole curves on a ResNet-18; the settings stand in `bench/attacks.ts`.',
    body: figures,
  },
};
