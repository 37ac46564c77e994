import { formatEpsilon } from '../../../report/numbers.ts';
import type { RobustnessCurve } from '../../../robustness/curve.ts';

/** Curves as a markdown table, a row an epsilon, with the 95 % interval of the last curve; below it the notes, as a list. */
export function curveTable(curves: readonly RobustnessCurve[], notes: readonly string[]): string {
  const [first] = curves;
  if (!first) return '';
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const header = [`${first.norm} epsilon`, ...curves.map(({ attack }) => attack), '95 % interval'];
  const rows = first.points.map(({ epsilon }, i) => {
    const at = curves.map(({ points }) => points[i]);
    const last = at.at(-1);
    const interval = last ? `${last.low.toFixed(3)} – ${last.high.toFixed(3)}` : '';
    return row([
      formatEpsilon(epsilon, first.norm),
      ...at.map((point) => point?.value.toFixed(3) ?? ''),
      interval,
    ]);
  });
  return [
    `${first.metric} of ${first.images} images`,
    '',
    row(header),
    row(header.map(() => '---')),
    ...rows,
    '',
    ...notes.map((note) => `- ${note}`),
  ].join('\n');
}
