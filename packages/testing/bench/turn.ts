/**
 * `turn`: a turn with nothing to do, which is what most turns of a spinning or much-sharded member are. The floor is one
 * pass over as many cells as the turn has to look at, in a plain array.
 */
import type { SubgroupSpec } from '@bowecho/core';
import { everywhere } from '@bowecho/testing';
import { createGroup } from './in-process-group.js';
import { rateOf, type BenchOptions } from './measure.js';
import { costResult, type Result } from './report.js';

const TURNS = 1000;

export function benchTurn(options: BenchOptions): Result[] {
  return [
    idleTurn('16 members, 1 shard', 16, 1, 16, options),
    idleTurn('3 members, 64 shards', 3, 64, 3, options),
    idleTurn('16 members, 64 shards', 16, 64, 16, options),
  ];
}

/** `types` types of one shard each on every member: shards of one type with equal replicas would share one multicast. */
function idleTurn(
  senders: string,
  nodes: number,
  types: number,
  replicas: number,
  options: BenchOptions,
): Result {
  const specs: SubgroupSpec[] = Array.from({ length: types }, (_, i) => ({
    ...everywhere(replicas),
    name: `type ${i}`,
  }));
  const { members } = createGroup(nodes, specs, 4096);
  const [member] = members;
  let now = 1e6;
  const turnsPerSecond = rateOf(() => {
    for (let i = 0; i < TURNS; i++) member!.doWork(now++);
    return TURNS;
  }, options);

  const cellsPerRow = 2 + replicas; // tail, received of each sender, delivered
  const cells = new Float64Array(types * (replicas - 1) * cellsPerRow + (nodes - 1) * 3);
  let sum = 0;
  const passesPerSecond = rateOf(() => {
    for (let i = 0; i < TURNS; i++) sum += pass(cells);
    return TURNS;
  }, options);
  if (sum !== 0) throw new Error('the pass was optimized away');
  return costResult({
    case: 'turn',
    fabric: 'in-process',
    size: 0,
    senders,
    value: 1e9 / turnsPerSecond,
    unit: 'ns/turn',
    floor: 1e9 / passesPerSecond,
    against: 'one pass',
  });
}

function pass(cells: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < cells.length; i++) sum += cells[i]!;
  return sum;
}
