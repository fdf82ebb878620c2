/** What a member waits for, and on whom, in words: "what is it waiting for?" has an answer in every state. */
import type { MemberColumns } from '../table/member-columns.js';
import type { Table } from '../table/table.js';
import type { View } from '../view/view.js';
import type { MembershipState } from './membership-machine.js';
import type { ViewEnd } from './view-end.js';

/** What a member knows of its view. */
export interface Waiting {
  readonly view: View;
  readonly myRank: number;
  /** The member table. */
  readonly table: Table;
  readonly columns: MemberColumns;
  readonly viewEnd: ViewEnd;
  /** Ranks whose keys have not come. */
  readonly unconnected: readonly number[];
}

/** One line for each thing; none when it waits for nothing. */
export function waitingFor(state: MembershipState, waiting: Waiting): readonly string[] {
  const { view, table, columns, unconnected } = waiting;
  const { members, vid } = view;
  switch (state) {
    case 'connecting':
      return unconnected.map(rank => `the keys of ${members[rank]!.id}`);
    case 'installing':
      return members
        .filter((_, rank) => table.read(rank, columns.installed) < 1)
        .map(member => `${member.id} to be connected to everybody`);
    case 'leaving':
      return waitingToLeave(waiting);
    case 'wedged':
      return waitingForDecision(waiting);
    case 'trimming':
      return [`its own deliveries of view ${vid}`];
    case 'running':
    case 'left':
    case 'halted':
      return [];
  }
}

function waitingToLeave({ myRank, table, columns, viewEnd }: Waiting): readonly string[] {
  if (table.read(myRank, columns.leaving) === 0) return ['everybody to deliver what this member sent'];
  return viewEnd.neededFor.map(what => `somebody else to hold what it holds (${what})`);
}

function waitingForDecision({ view: { members, vid }, viewEnd }: Waiting): readonly string[] {
  const { staying, missingWords, missingReplicas, isMajority } = viewEnd;
  const idOf = (rank: number): string => members[rank]!.id;
  if (!isMajority) {
    const others = members.flatMap((_, rank) => (staying.includes(rank) ? [] : [idOf(rank)]));
    return [`more than half of view ${vid}; it cannot count on ${others.join(', ')}`];
  }
  if (missingReplicas.length > 0) return missingReplicas.map(what => `a replica (${what})`);
  if (missingWords.length > 0)
    return missingWords.map(rank => `the last word of ${idOf(rank)} in view ${vid}`);
  return [`${staying.map(idOf).join(', ')} to agree on how view ${vid} ends`];
}
