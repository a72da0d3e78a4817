/** Tables without borders. */
import { getBorderCharacters, table } from 'table';

const BARE = {
  border: getBorderCharacters('void'),
  columnDefault: { paddingLeft: 0, paddingRight: 2 },
  drawHorizontalLine: () => false,
};

/**
 * A borderless table, two spaces between columns, indented.
 *
 * @param widths column -> characters after which its text is wrapped; a column without one is as wide as its widest cell
 */
export function plainTable(
  rows: readonly (readonly string[])[],
  indent = '  ',
  widths: Readonly<Record<number, number>> = {},
): string {
  if (rows.length === 0) return '';
  const columns = Object.entries(widths).map(([column, width]) => [column, { width, wrapWord: true }]);
  return table(
    rows.map((row) => [...row]),
    { ...BARE, columns: Object.fromEntries(columns) as Record<number, { width: number; wrapWord: boolean }> },
  )
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => indent + line.trimEnd())
    .join('\n');
}
