/**
 * MemberColumns is the row of the member table: what one member tells all the others about itself, in push order.
 *
 * | column    | width   | meaning                                                                          |
 * | --------- | ------- | -------------------------------------------------------------------------------- |
 * | beat      | 1       | grows as long as I am well: who does not hear it for long suspects me             |
 * | installed | 1       | 1: I run this view; my tables are registered and I am connected to every member   |
 * | leaving   | 1       | 1: I go on purpose                                                                |
 * | probe     | 1       | who raises it wants a lease, or to know that it is still in the view (membership/read-lease.ts)    |
 * | echoes    | members | by rank: the highest probe of that member that I have seen; I raise none once I am wedged          |
 * | suspects  | members | by rank, 1: I take that member for dead, and shall not listen to it again         |
 * | wedged    | 1       | not 0: I sent and acknowledged my last in this view; says for whom it ends         |
 * | promised  | 1       | I accept nothing below this ballot (membership/view-decision.ts)                  |
 * | accepted  | 1       | the ballot under which I last accepted a record                                   |
 * | decided   | 1       | 1: that record is chosen, and ends this view                                      |
 *
 * `wedged` is 3r + 1 where the view ends because rank r leaves, 3r + 2 where rank r is lost, and 3r + 3 where rank r lets
 * others in. Who hears of it from a third member first can so name the one that matters.
 *
 * `wedged` vouches for all that precedes it, in the shard tables too: those are pushed first, and a reader takes its
 * snapshot of the member table before that of any shard table. It also vouches for the final counts in the notes of the row
 * and for those whom its member lets in, and `accepted` for the record there (membership/view-end.ts).
 */
import { columnOf, counterBlock, type CounterBlock } from './row-layout.js';

export interface MemberColumns {
  readonly block: CounterBlock;
  readonly beat: number;
  readonly installed: number;
  readonly leaving: number;
  readonly probe: number;
  /** The cell of rank 0; the others follow. */
  readonly echoes: number;
  /** The cell of rank 0; the others follow. */
  readonly suspects: number;
  readonly wedged: number;
  readonly promised: number;
  readonly accepted: number;
  readonly decided: number;
}

/** The columns for a view of `members` members. */
export function memberColumns(members: number): MemberColumns {
  const block = counterBlock([
    ['beat', 1],
    ['installed', 1],
    ['leaving', 1],
    ['probe', 1],
    ['echoes', members],
    ['suspects', members],
    ['wedged', 1],
    ['promised', 1],
    ['accepted', 1],
    ['decided', 1],
  ]);
  return {
    block,
    beat: columnOf(block, 'beat'),
    installed: columnOf(block, 'installed'),
    leaving: columnOf(block, 'leaving'),
    probe: columnOf(block, 'probe'),
    echoes: columnOf(block, 'echoes'),
    suspects: columnOf(block, 'suspects'),
    wedged: columnOf(block, 'wedged', ['installed', 'leaving', 'suspects']),
    promised: columnOf(block, 'promised', ['wedged']),
    accepted: columnOf(block, 'accepted', ['wedged']),
    decided: columnOf(block, 'decided', ['accepted']),
  };
}
