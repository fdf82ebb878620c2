/**
 * A table is rows of text under headings, each column as wide as its widest cell. It knows nothing of terminals: colours
 * come later, to whole lines, so that they cannot disturb the widths.
 */
export interface Column {
  readonly heading: string;
  readonly align: 'left' | 'right';
}

const GAP = '  ';

/**
 * The lines of a table, headings first.
 *
 * @example
 * tableOf([{ heading: 'code', align: 'left' }, { heading: 'flights', align: 'right' }], [['ATL', '7']]);
 * // ['code  flights',
 * //  'ATL         7']
 */
export function tableOf(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const all = [columns.map(column => column.heading), ...rows];
  const widths = columns.map((_, i) => Math.max(...all.map(row => row[i]!.length)));
  return all.map(row => {
    const cells = row.map((cell, i) =>
      columns[i]!.align === 'left' ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!),
    );
    return cells.join(GAP).trimEnd();
  });
}
