// A comparison as text: Markdown, LaTeX, CSV.

import { formatEstimate, formatSpread, MISSING } from '../numbers.ts';
import { BEFORE, CONTROL, type ComparedNet, type ComparedTable, type Figure } from './compare.ts';

/** The cells of a table as a reader sees them. */
export interface PlainTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function cellOf(figure: Figure | undefined): string {
  if (!figure) return MISSING;
  const { mean: value, low, high } = figure;
  if (figure.spread !== undefined) return formatSpread(figure);
  return low !== undefined && high !== undefined
    ? formatEstimate({ value, low, high })
    : formatSpread(figure);
}

/** Differences that are named in a cell; CSV has all. */
const mostDifferences = 3;

/** The net, and what tells it from others of its experiment. */
export function nameOf({ net, differs }: ComparedNet): string {
  const parts = differs ? differs.split(', ') : [];
  const rest = parts.length - mostDifferences;
  const more = rest > 0 ? [`and ${rest} more`] : [];
  return [net, ...parts.slice(0, mostDifferences), ...more].join(', ');
}

/** In what the runs of a net differ, of those that have several; undefined where none has. */
function repeatedIn(nets: readonly ComparedNet[]): 'seeds' | 'folds' | 'runs' | undefined {
  const several = (numbers: readonly number[]) => new Set(numbers).size > 1;
  if (!nets.some(({ seeds }) => seeds.length > 1)) return undefined;
  if (!nets.some(({ folds }) => several(folds))) return 'seeds';
  return nets.some(({ seeds }) => several(seeds)) ? 'runs' : 'folds';
}

/** The runs of every net, where that is one number. */
function runsOfEach(nets: readonly ComparedNet[]): number | undefined {
  const counts = new Set(nets.map(({ seeds }) => seeds.length));
  return counts.size === 1 ? nets[0]?.seeds.length : undefined;
}

type NameColumn = readonly [column: string, cell: (net: ComparedNet) => string];

/** Columns that name a row: the net, and of the others those in which rows differ. */
function namesOf(nets: readonly ComparedNet[]): readonly NameColumn[] {
  const repeated = runsOfEach(nets) === undefined ? repeatedIn(nets) : undefined;
  const experiments = new Set(nets.map(({ experiment }) => experiment));
  const all: readonly (NameColumn | false | undefined)[] = [
    ['net', nameOf],
    experiments.size > 1 && ['experiment', ({ experiment }) => experiment],
    repeated && [repeated, ({ seeds }) => String(seeds.length)],
  ];
  return all.filter((column) => column !== false && column !== undefined);
}

/** One row a net; its experiment and its number of runs where rows differ in them, flags where there are any. */
export function plainTable({ columns, nets }: ComparedTable): PlainTable {
  const names = namesOf(nets);
  const flagged = nets.some(({ flags }) => flags.length > 0);
  return {
    columns: [...names.map(([column]) => column), ...columns, ...(flagged ? ['flags'] : [])],
    rows: nets.map((net) => [
      ...names.map(([, cell]) => cell(net)),
      ...columns.map((column) => cellOf(net.figures[column])),
      ...(flagged ? [net.flags.join(', ') || MISSING] : []),
    ]),
  };
}

/** What the numbers are, in a sentence or two. */
export function captionOf({ split, nets, columns, similarity, unfinished, unlike }: ComparedTable): string {
  const where =
    split === 'test'
      ? 'Test split, best checkpoint.'
      : 'Validation split, the best of the epochs that were attacked.';
  const repeated = repeatedIn(nets);
  const over = repeated === 'runs' ? 'runs of other seeds and folds' : repeated;
  const count = runsOfEach(nets);
  const spread = repeated ? ` Mean ± standard deviation over ${count ? `${count} ` : ''}${over}.` : '';
  const single = nets.some(({ seeds }) => seeds.length === 1);
  const interval = single ? ' In brackets of single runs: 95 % intervals for the draw of the images.' : '';
  const before = columns.includes(BEFORE) ? ` "${BEFORE}": of the images that are attacked.` : '';
  const visible = columns.includes(CONTROL)
    ? ` "${CONTROL}": random noise with the structural similarity of the worst case.`
    : '';
  const place =
    similarity === undefined
      ? ''
      : ` Attacks at the largest of the measured epsilons that keeps a mean SSIM of ${similarity}; none: –.`;
  const worst = unlike
    ? ' Not all were under the same attacks, so their worst cases cannot be compared: evaluate them alike.'
    : '';
  const short = unfinished.length > 0 ? ` Not at their last epoch: ${unfinished.join(', ')}.` : '';
  return `${where}${spread}${interval}${before}${place}${visible}${worst}${short}`;
}

/** Text as Markdown shows it, in one line. */
export const escapeMarkdown = (text: string) =>
  text
    .replace(/[\\`*_[\]|]/g, '\\$&')
    .replaceAll('<', '&lt;')
    .replace(/\s+/g, ' ');

export function formatMarkdown(table: ComparedTable): string {
  const { columns, rows } = plainTable(table);
  const cells = [columns, ...rows].map((row) => row.map(escapeMarkdown));
  const widths = columns.map((_, i) => Math.max(3, ...cells.map((row) => row[i]?.length ?? 0)));
  const lineOf = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] as number)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return `${[lineOf(head), rule, ...body.map(lineOf)].join('\n')}\n\n${escapeMarkdown(captionOf(table))}\n`;
}

const latexNames: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '–': '--',
  '±': '$\\pm$',
  '≥': '$\\geq$',
};

const escapeLatex = (text: string) =>
  text.replace(/[\\~^<>|–±≥]|[&%$#_{}]/g, (mark) => latexNames[mark] ?? `\\${mark}`).replace(/\s+/g, ' ');

export function formatLatex(table: ComparedTable): string {
  const { columns, rows } = plainTable(table);
  const lineOf = (row: readonly string[]) => `${row.map(escapeLatex).join(' & ')} \\\\`;
  return `${[
    '% \\usepackage{booktabs}',
    '\\begin{table}',
    `\\caption{${escapeLatex(captionOf(table))}}`,
    `\\begin{tabular}{l${'r'.repeat(columns.length - 1)}}`,
    '\\toprule',
    lineOf(columns),
    '\\midrule',
    ...rows.map(lineOf),
    '\\bottomrule',
    '\\end{tabular}',
    '\\end{table}',
  ].join('\n')}\n`;
}

const quoteCsv = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Numbers in full; of each figure its mean, spread and interval, empty where it has none. */
export function formatCsv({ columns, nets }: ComparedTable): string {
  const parts = ['mean', 'spread', 'low', 'high'] as const;
  const used = columns.flatMap((column) =>
    parts
      .filter((part) => nets.some(({ figures }) => figures[column]?.[part] !== undefined))
      .map((part) => ({ column, part })),
  );
  const inFolds = nets.some(({ folds }) => folds.length > 0);
  const head = [
    ...['net', 'experiment', 'differs', 'seeds', ...(inFolds ? ['folds'] : [])],
    ...used.map(({ column, part }) => (part === 'mean' ? column : `${column}, ${part}`)),
    'flags',
  ];
  const rows = nets.map(({ net, experiment, differs, seeds, folds, figures, flags }) => [
    ...[net, experiment, differs, seeds.join(' '), ...(inFolds ? [folds.join(' ')] : [])],
    ...used.map(({ column, part }) => String(figures[column]?.[part] ?? '')),
    flags.join(' '),
  ]);
  return [head, ...rows].map((row) => `${row.map(quoteCsv).join(',')}\r\n`).join('');
}
