/**
 * ClosedMemory: a member whose view has ended closes its memory as soon as it rests, as a host does that is done with a
 * view. What others still write to it must hit nothing.
 */
import { drawMoment, type FaultKind } from './fault-stage.js';

export interface ClosedMemory {
  readonly kind: 'closed-memory';
  /** Not before that. */
  readonly at: number;
  readonly rank: number;
}

export const closedMemory: FaultKind<ClosedMemory> = {
  most: ({ nodes }) => nodes,

  draw: (random, scope) => ({
    kind: 'closed-memory',
    at: drawMoment(random, scope),
    rank: random.below(scope.nodes),
  }),

  begin({ rank }, stage) {
    stage.nodes[rank]!.closesWhenDone = true;
    stage.wake(rank);
  },
};
