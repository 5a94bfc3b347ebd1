import type { Output } from './output.ts';

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

export interface Cell {
  readonly text: string;
  /** SGR code: 31 is red. */
  readonly paint?: string | undefined;
}

/** Rows in columns as wide as their widest cell, two blanks between; no lines, so that `awk` reads it too. */
export function tableLines(
  output: Output,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(
      title.length,
      ...rows.map((row) => (index < columns.length - 1 ? (row[index]?.text.length ?? 0) : 0)),
    ),
  );
  const line = (cells: readonly Cell[]): string =>
    columns
      .map(({ right }, index) => {
        const { text, paint } = cells[index] ?? { text: '' };
        const width = widths[index] ?? 0;
        const padded = right ? text.padStart(width) : text.padEnd(width);
        // Blanks stay outside the colour: an underline or a background would show them.
        return paint === undefined ? padded : padded.replace(text, () => output.paint(paint, text));
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => ({ text: title, paint: '2' }))), ...rows.map(line)];
}
