/** A crash of a node of three, as tests of users' actors want it: what it had under way lands in part, and fabrics say so soon. */
import type { Fault } from '@bowecho/testing';

export function crash(rank: number, ms: number): Fault {
  return {
    kind: 'crash',
    at: ms * 1000,
    until: ms * 1000 + 1_000_000,
    rank,
    moment: 'turn',
    after: 0,
    eighths: [8, 4, 0],
    toldByFabric: [2000, 2000, 2000],
    toldByControl: [null, null, null],
  };
}
