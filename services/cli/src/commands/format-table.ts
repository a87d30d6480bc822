const GAP = '  ';

/** Columns as wide as they need to be, those of numbers to the right; the last one is not padded, so that lines end with their text. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly string[] = [],
): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const padded = (cell: string, column: number) => {
    const width = widths[column] ?? 0;
    if (numbers.includes(head[column]!)) return cell.padStart(width);
    return column === head.length - 1 ? cell : cell.padEnd(width);
  };
  return `${all.map((row) => row.map(padded).join(GAP).trimEnd()).join('\n')}\n`;
}
