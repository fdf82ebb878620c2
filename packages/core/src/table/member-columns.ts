/**
 * MemberColumns is the row of the member table: what one member tells all the others about itself, in push order.
 *
 * | column    | width | meaning                                                                          |
 * | --------- | ----- | -------------------------------------------------------------------------------- |
 * | installed | 1     | 1: I run this view; my tables are registered and I am connected to every member   |
 * | leaving   | 1     | 1: I go on purpose                                                                |
 * | wedged    | 1     | not 0: I sent and acknowledged my last in this view; says for whom it ends         |
 *
 * `wedged` is 2r + 1 where the view ends because rank r leaves, and 2r + 2 where rank r is lost. Who hears of it from a
 * third member first can so name the one that matters.
 *
 * `wedged` vouches for all that precedes it, in the shard tables too: those are pushed first, and a reader takes its
 * snapshot of the member table before that of any shard table.
 */
import { columnOf, counterBlock, type CounterBlock } from './row-layout.js';

export interface MemberColumns {
  readonly block: CounterBlock;
  readonly installed: number;
  readonly leaving: number;
  readonly wedged: number;
}

export function memberColumns(): MemberColumns {
  const block = counterBlock([
    ['installed', 1],
    ['leaving', 1],
    ['wedged', 1],
  ]);
  return {
    block,
    installed: columnOf(block, 'installed'),
    leaving: columnOf(block, 'leaving'),
    wedged: columnOf(block, 'wedged', ['installed', 'leaving']),
  };
}
