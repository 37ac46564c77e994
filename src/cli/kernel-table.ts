import type { KernelTime } from '../engine/profile.ts';
import type { Profile } from '../train/profile.ts';

/** Kernels below this share of the time are not worth a word. */
const noteworthy = 0.01;

/** Kernels by their time, and a last line that says which of them ran in JavaScript. */
export function formatProfile({ kernels, milliseconds }: Profile): string {
  const share = (time: number) => `${((100 * time) / milliseconds).toFixed(1)} %`;
  const inKernels = kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
  const outside = milliseconds - inKernels;
  const rows = [
    ['kernel', 'calls', 'ms', 'share', 'where'],
    ...kernels.map(({ kernel, calls, milliseconds: time, where }) => [
      kernel,
      String(calls),
      time.toFixed(2),
      share(time),
      where,
    ]),
    ['outside kernels', '', outside.toFixed(2), share(outside), ''],
    ['all', '', milliseconds.toFixed(2), share(milliseconds), ''],
  ];
  const slow = kernels
    .filter((kernel) => isJavaScript(kernel) && kernel.milliseconds > noteworthy * milliseconds)
    .map(({ kernel, milliseconds: time }) => `${kernel} (${share(time)})`);
  const verdict =
    slow.length === 0
      ? 'All kernels above 1 % of the time ran natively.'
      : `Above 1 % of the time in JavaScript: ${slow.join(', ')}.`;
  return `${tableOf(rows)}\n${verdict}\n`;
}

function isJavaScript({ where }: KernelTime): boolean {
  return where === 'javascript' || where === 'cpu';
}

/** The columns in the middle hold numbers, which stand to the right. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) =>
        i === 0 || i === row.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => `  ${line}\n`).join('');
}
