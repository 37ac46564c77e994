import type { RobustnessCurve } from '../robustness/curve.ts';
import { epsilonOf } from '../train/epsilon.ts';
import type { Evaluation } from '../train/evaluate.ts';

/** What an evaluation found, for a terminal: clean metrics, then a table of the first metric by epsilon. */
export function formatEvaluation({ experiment, net, split, images, clean, robustness }: Evaluation): string {
  const figures = Object.entries(clean).map(([name, value]) => `  ${name.padEnd(16)}${value.toFixed(4)}\n`);
  const head = `${experiment}: ${net} on ${images} images of the ${split} split\n${figures.join('')}`;
  if (!robustness) return head;
  const { curves, worst } = robustness;
  const rows = [
    ['epsilon', ...worst.points.map(({ epsilon }) => epsilonOf(epsilon))],
    ...[...curves, worst].map((curve) => [curve.attack, ...cellsOf(curve)]),
  ];
  const title = `${worst.metric} of ${worst.images} images under attack (${worst.norm}), with 95 % intervals`;
  const flags = curves.flatMap((curve) => curve.flags.map((flag) => `  ${curve.attack}: ${flag}\n`));
  return `${head}\n${title}\n${tableOf(rows)}${flags.join('')}`;
}

function cellsOf({ points }: RobustnessCurve): string[] {
  return points.map(({ value, low, high }) => `${value.toFixed(3)} (${low.toFixed(2)}–${high.toFixed(2)})`);
}

/** Rows of the first column, then one for each epsilon: attacks side by side. */
function tableOf(columns: readonly (readonly string[])[]): string {
  const widths = columns.map((column) => Math.max(...column.map((cell) => cell.length)));
  const count = columns[0]?.length ?? 0;
  const lines = Array.from({ length: count }, (_, row) =>
    columns
      .map((column, i) => (column[row] ?? '').padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => `  ${line}\n`).join('');
}
