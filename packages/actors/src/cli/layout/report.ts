/** What `bowecho layout` prints: a table of who holds what, for each view, and what is missing. */
import type { ClusterLayout, ShardsLayout } from '../../host/cluster-layout.js';
import type { Forecast } from './forecast.js';

const HEADINGS = ['type', 'shards', 'replicas', 'senders'];
const GAP = '  ';

/** @param without ids of those who are lost */
export function forecastLines(
  { founded, afterwards, missing }: Forecast,
  nodes: readonly string[],
  without: readonly string[],
): readonly string[] {
  if (founded === undefined) return [`No group of ${nodes.join(', ')} could be founded:`, ...listed(missing)];
  const lines = [`Members: ${nodes.join(', ')}`, '', ...layoutLines(founded)];
  if (without.length === 0) return lines;
  const lost = without.join(', ');
  if (afterwards === undefined)
    return [...lines, '', `Without ${lost} the group stands still:`, ...listed(missing)];
  return [...lines, '', `Without ${lost}:`, '', ...layoutLines(afterwards)];
}

function listed(sentences: readonly string[]): readonly string[] {
  return sentences.map(sentence => `${GAP}${sentence}`);
}

function layoutLines({ types }: ClusterLayout): readonly string[] {
  const rows = types.flatMap(({ name, minReplicas, maxReplicas, shards }) => {
    const least = minReplicas === 1 ? '' : `, at least ${minReplicas}`;
    return shards.map(each => [
      name,
      ranges(each.shards),
      `${each.replicas.join(', ')} (${each.replicas.length} of ${maxReplicas}${least})`,
      sendersOf(each),
    ]);
  });
  const all = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...all.map(row => row[column]!.length)));
  return all.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join(GAP)
      .trimEnd(),
  );
}

function sendersOf({ replicas, senders }: ShardsLayout): string {
  return senders.length === replicas.length ? 'all' : senders.join(', ');
}

/** `0-3, 7` of 0, 1, 2, 3, 7. */
function ranges(numbers: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run.last === number - 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}
