import type { ImportReport } from './import-weights.ts';

/** Names in a sentence, the first few. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 4).join(', ');
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown;
}

/** What a person is to hear of before a net with these weights is trusted; nothing where all went well. */
export function importWarnings({ file, missing, unused, notes }: ImportReport): string[] {
  return [
    ...(missing.length > 0 ? [`${file} has no ${some(missing)}: as initialised.`] : []),
    ...(unused.length > 0 ? [`${file}: not used: ${some(unused)}.`] : []),
    ...notes.map((note) => `${file}: ${note}.`),
  ];
}

/** The whole report, line by line. */
export function formatImport(report: ImportReport): string {
  const { file, names, loaded, reshaped } = report;
  const shape = (sizes: readonly number[]) => `[${sizes.join(', ')}]`;
  const lines = [
    `${file}: ${loaded} weights, by the names of ${names}`,
    ...reshaped.map(({ weight, from, to, how }) => `${weight}: ${shape(from)} for ${shape(to)}: ${how}`),
    ...importWarnings(report),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
