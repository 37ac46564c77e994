/** A table in Markdown. */
export function table(columns: readonly string[], lines: readonly (readonly string[])[]): string {
  return [columns, columns.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
