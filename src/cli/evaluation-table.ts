import { formatEpsilon, formatEstimate } from '../report/numbers.ts';
import { partialFlag } from '../robustness/budget.ts';
import type { CorruptionScores } from '../robustness/corruption-scores.ts';
import type { RobustnessCurve } from '../robustness/curve.ts';
import type { NoiseControl } from '../robustness/matched-noise.ts';
import type { Evaluation } from '../train/evaluate.ts';
import { curveTables } from './curve-tables.ts';
import { tableOf } from './table.ts';

/** What an evaluation found, for a terminal: clean metrics, a table of the first metric by epsilon, and the rest. */
export function formatEvaluation(evaluation: Evaluation): string {
  const { experiment, net, split, images, outputs, tiles, clean, robustness } = evaluation;
  const figures = Object.entries(clean).map(([name, value]) => `  ${name.padEnd(16)}${value.toFixed(4)}\n`);
  const head = `${experiment}: ${net} on ${images} images of the ${split} split\n${
    outputs ? `  its outputs are taken for probabilities (${outputs})\n` : ''
  }${tiles ? `  in tiles of ${tiles.size.join('x')}, overlapping by ${tiles.overlap} or more\n` : ''}${figures.join('')}`;
  if (!robustness) return head;
  const { curves, worst } = robustness;
  const rows = [
    ['epsilon', ...worst.points.map(({ epsilon }) => formatEpsilon(epsilon, worst.norm))],
    ...[...curves, worst].map((curve) => [curve.attack, ...cellsOf(curve)]),
  ];
  const stored = worst.quantise ? `, stored with ${worst.quantise} bits` : '';
  const title = `${worst.metric} of ${worst.images} images under attack (${worst.norm})${stored}, with 95 % intervals`;
  const partial = partialFlag(worst);
  const flags = curves.flatMap((curve) =>
    curve.flags.filter((flag) => flag !== partial).map((flag) => `  ${curve.attack}: ${flag}\n`),
  );
  const ofNet = robustness.flags.map((flag) => `  ${net}: ${flag}\n`);
  const all = [...(partial ? [`  ${partial}\n`] : []), ...ofNet, ...flags].join('');
  return `${head}\n${title}\n${tableOf(rows)}${all}${curveTables(robustness)}${unattacked(evaluation)}`;
}

function unattacked({ robustness, control, corruptions, outliers, ambiguity }: Evaluation): string {
  const texts = [
    ...(control && robustness ? [controlTable(control, robustness.worst.norm)] : []),
    ...(corruptions ? [corruptionTable(corruptions)] : []),
    ...(outliers
      ? [
          `Told from ${outliers.outliers} images of another kind (AUROC): ` +
            `${outliers.maxSoftmax.toFixed(3)} by largest probability, ${outliers.energy.toFixed(3)} by energy\n`,
        ]
      : []),
    ...(ambiguity
      ? [
          `${ambiguity.mixtures} mixtures of two classes: margin ${ambiguity.margin.mixed.toFixed(3)} ` +
            `(clean ${ambiguity.margin.clean.toFixed(3)}), entropy ${ambiguity.entropy.mixed.toFixed(3)} ` +
            `(clean ${ambiguity.entropy.clean.toFixed(3)}), told apart with an AUROC of ${ambiguity.auroc.toFixed(3)}\n`,
        ]
      : []),
  ];
  return texts.map((text) => `\n${text}`).join('');
}

function controlTable({ noise, points }: NoiseControl, norm: string): string {
  const columns = [
    ['epsilon', ...points.map(({ epsilon }) => formatEpsilon(epsilon, norm))],
    ['SSIM', ...points.map(({ ssim }) => ssim.toFixed(4))],
    [noise, ...cellsOf({ points })],
  ];
  return `The same under noise as visible as the worst case\n${tableOf(columns)}`;
}

function corruptionTable({ metric, images, clean, mean, points }: CorruptionScores): string {
  const kinds = [...new Set(points.map(({ corruption }) => corruption))];
  const severities = [...new Set(points.map(({ severity }) => severity))];
  const columns = [
    ['corruption', ...kinds],
    ...severities.map((severity) => [
      `${severity}`,
      ...points.filter((point) => point.severity === severity).map(({ value }) => value.toFixed(3)),
    ]),
  ];
  const title = `${metric} of ${images} images under corruptions of severity 1 to 5: `;
  return `${title}${mean.toFixed(3)} in the mean, ${clean.toFixed(3)} clean\n${tableOf(columns)}`;
}

function cellsOf({ points }: Pick<RobustnessCurve | NoiseControl, 'points'>): string[] {
  return points.map(formatEstimate);
}
