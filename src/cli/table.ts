/** Columns, each from its heading down, side by side. */
export function tableOf(columns: readonly (readonly string[])[]): string {
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
