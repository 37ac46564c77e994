import { formatEpsilon } from '../report/numbers.ts';
import type { Checked } from '../robustness/diagnostics/diagnostic.ts';
import type { Diagnosis } from '../train/diagnose.ts';

const VERDICTS = { passed: 'passed', raised: 'RAISED', notApplicable: 'not applicable' } as const;

const HEAD = ['#', 'check', 'attack', 'verdict', 'found', 'at most', 'what'];

const figure = (value: number) => `${Number(value.toPrecision(3))}`;

function cellsOf(check: Checked): string[] {
  const { number, name, attack = '', verdict } = check;
  const about = [`${number}`, name, attack, VERDICTS[verdict]];
  if (check.verdict === 'notApplicable') return [...about, '', '', check.text];
  const text = check.verdict === 'raised' ? check.text : check.figure;
  return [...about, figure(check.value), figure(check.threshold), text];
}

/** Each check where it applies; where it applies to no attack, once. */
function rowsOf({ checks }: Diagnosis): Checked[] {
  const applies = new Set(checks.flatMap(({ name, verdict }) => (verdict === 'notApplicable' ? [] : [name])));
  const nowhere = new Set<string>();
  return checks
    .filter(({ name, verdict }) => {
      if (verdict !== 'notApplicable') return true;
      if (applies.has(name) || nowhere.has(name)) return false;
      nowhere.add(name);
      return true;
    })
    .toSorted((a, b) => a.number - b.number || a.name.localeCompare(b.name));
}

function headingOf({ experiment, net, images, split, norm, epsilon, attack }: Diagnosis): string {
  return (
    `${experiment}: ${net} on ${images} images of the ${split} split, ` +
    `${norm} epsilon ${formatEpsilon(epsilon, norm)}, attack ${attack.name}`
  );
}

function summaryOf(diagnosis: Diagnosis): string {
  const { flags, seconds } = diagnosis;
  const shown = rowsOf(diagnosis);
  const count = (wanted: Checked['verdict']) => shown.filter(({ verdict }) => verdict === wanted).length;
  const said = `${count('passed')} passed, ${count('notApplicable')} not applicable, ${Math.round(seconds)} s`;
  if (flags.length === 0) return `No flags: ${said}.`;
  return `${flags.length} ${flags.length === 1 ? 'flag' : 'flags'}: ${said}. docs/sanity-checks.md explains each by its name.`;
}

/** What a diagnosis found, for a terminal: a line for each check. */
export function formatDiagnosis(diagnosis: Diagnosis): string {
  const rows = [HEAD, ...rowsOf(diagnosis).map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padStart(widths[0] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${headingOf(diagnosis)}\n\n${lines.map((line) => `${line}\n`).join('')}\n${summaryOf(diagnosis)}\n`;
}

/** The same as a table in markdown. */
export function markdownOf(diagnosis: Diagnosis): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = [HEAD, HEAD.map(() => '---'), ...rowsOf(diagnosis).map(cellsOf)];
  return `${headingOf(diagnosis)}\n\n${rows.map(line).join('\n')}\n\n${summaryOf(diagnosis)}\n`;
}
