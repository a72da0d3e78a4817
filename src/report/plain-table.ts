/** Tables without borders. */
import { getBorderCharacters, table } from 'table';

const BARE = {
  border: getBorderCharacters('void'),
  columnDefault: { paddingLeft: 0, paddingRight: 2 },
  drawHorizontalLine: () => false,
};

/** A borderless table, two spaces between columns, indented. */
export function plainTable(rows: readonly (readonly string[])[], indent = '  '): string {
  if (rows.length === 0) return '';
  return table(
    rows.map((row) => [...row]),
    BARE,
  )
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => indent + line.trimEnd())
    .join('\n');
}
