/** SlowNode: every turn of a node comes late for a while. SlowLink: so does every write of one node to another. */
import { drawPair, drawSpan, type FaultKind, type Span } from './fault-stage.js';

export interface SlowNode extends Span {
  readonly kind: 'slow-node';
  readonly rank: number;
  /** Microseconds. */
  readonly delay: number;
}

export const slowNode: FaultKind<SlowNode> = {
  most: () => 1,

  draw: (random, scope) => ({
    kind: 'slow-node',
    ...drawSpan(random, scope),
    rank: random.below(scope.nodes),
    delay: random.between(200, 4000),
  }),

  begin({ rank, delay, until }, stage) {
    const node = stage.nodes[rank]!;
    node.slowUntil = until;
    node.slowness = delay;
    stage.tell(rank, `is slow until ${until}`);
  },
};

export interface SlowLink extends Span {
  readonly kind: 'slow-link';
  readonly between: readonly [number, number];
  /** Microseconds. */
  readonly delay: number;
}

export const slowLink: FaultKind<SlowLink> = {
  most: () => 3,

  draw: (random, scope) => ({
    kind: 'slow-link',
    ...drawSpan(random, scope),
    between: drawPair(random, scope.nodes),
    delay: random.between(1000, 20_000),
  }),

  begin({ between: [from, to], delay, until }, stage) {
    const link = stage.network.linkBetween(from, stage.nodes[to]!.fabric);
    link.extraDelay += delay;
    stage.tell(from, `its link to rank ${to} is slow until ${until}`);
    stage.at(until, () => (link.extraDelay -= delay));
  },
};
