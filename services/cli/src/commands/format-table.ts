const GAP = '  ';

/** Columns as wide as they need to be; the last one is not padded, so that lines end with their text. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === head.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join(GAP);
  return `${all.map((row) => line(row).trimEnd()).join('\n')}\n`;
}
