import { duplicatesAcross, type Inspection, type PartSummary } from '../train/inspect.ts';

/** How many of a kind are listed. */
const LISTED = 10;

const plural = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function counts({ all, splits, classes, task }: Inspection): string[] {
  const parts: [string, PartSummary][] = [['all', all], ...Object.entries(splits ?? {})];
  const cell = (part: PartSummary, label: number) => {
    const value = part.classes[label] ?? 0;
    if (task === 'segmentation') return `${(100 * value).toFixed(1)} %`;
    return `${value} (${((100 * value) / Math.max(1, part.samples)).toFixed(0)} %)`;
  };
  return table([
    ['', ...parts.map(([name]) => name)],
    ['images', ...parts.map(([, { samples }]) => String(samples))],
    ['patients', ...parts.map(([, { patients }]) => String(patients))],
    ...classes.map((name, label) => [name, ...parts.map(([, part]) => cell(part, label))]),
  ]);
}

function listed<T>(items: readonly T[], lineOf: (item: T) => string): string[] {
  const lines = items.slice(0, LISTED).map((item) => `  ${lineOf(item)}`);
  return items.length > LISTED
    ? [...lines, `  … and ${items.length - LISTED} more; --json lists all`]
    : lines;
}

function wrongs(inspection: Inspection): string[] {
  const { duplicates, leaks, bad, splits } = inspection;
  const across = duplicatesAcross(inspection);
  const contradictory = duplicates.filter((group) => group.contradictory);
  const named = ({ ids, splits: of }: Inspection['duplicates'][number]) =>
    ids.map((id, i) => (of ? `${id} (${of[i]})` : id)).join(' = ');
  const shared = splits ? `, ${across.length} of them across splits` : '';
  const unlike = contradictory.length > 0 ? `, ${contradictory.length} with different labels` : '';
  return [
    duplicates.length === 0
      ? 'duplicates: none'
      : `duplicates: ${plural(duplicates.length, 'group')} of identical images${shared}${unlike}`,
    ...listed(splits && across.length > 0 ? across : duplicates, named),
    ...(splits
      ? [leaks.length === 0 ? 'patients in two splits: none' : `patients in two splits: ${leaks.length}`]
      : []),
    ...listed(leaks, ({ patient, splits: of }) => `${patient}: ${of.join(', ')}`),
    bad.length === 0 ? 'files that cannot be read: none' : `files that cannot be read: ${bad.length}`,
    ...listed(bad, ({ id, reason }) => `${id}: ${reason}`),
  ];
}

/** For people. */
export function formatInspection(inspection: Inspection, sheet?: string): string {
  const { name, task, imageShape, fileSizes, fileBits, intensities = [] } = inspection;
  const sizes = fileSizes.slice(0, 5).map(({ width, height, count }) => `${width} × ${height} (${count})`);
  const more = fileSizes.length > 5 ? `, and ${fileSizes.length - 5} others` : '';
  // Each is read as a share of its own largest value, which is wrong where 16 bits hold fewer.
  const bits =
    fileBits.length > 1
      ? [
          `bits of a value: ${fileBits.map(({ bits, count }) => `${bits} (${count})`).join(', ')}; they should be alike`,
        ]
      : [];
  const channels =
    intensities.length === 3 ? ['red', 'green', 'blue'] : intensities.map((_, i) => `channel ${i}`);
  const lines = [
    `${name} (${task}), read as ${imageShape.join(' × ')}`,
    ...(sizes.length > 0 ? [`files: ${sizes.join(', ')}${more}`] : []),
    ...bits,
    ...intensities.map(({ lowest, highest, mean, deviation }, i) => {
      const [low, high, middle, spread] = [lowest, highest, mean, deviation].map((value) => value.toFixed(3));
      return `${channels[i]}: ${low} to ${high}, mean ${middle} ± ${spread}`;
    }),
    '',
    ...counts(inspection),
    '',
    ...wrongs(inspection),
    ...(sheet === undefined ? [] : [`contact sheet: ${sheet}`]),
  ];
  return `${lines.join('\n')}\n`;
}
