/**
 * Cut: nothing gets through some links for a while: one way, both ways, between the ends of a chain, or between two parts
 * of the group. What becomes of the writes is the fabric's choice:
 *
 *  - `held`: they land late, in order, after the heal, as over a connection that stands;
 *  - `gap`: they are lost, and later ones land. The reader is told so by the poll that shows the first of these;
 *  - `forever`: they are lost, with all later ones; the sender may be told that this peer takes no writes.
 */
import type { Random } from '../random.js';
import type { FaultEffect } from './fault-counts.js';
import { drawPair, drawSpan, type FaultKind, type Span } from './fault-stage.js';

export type CutShape = 'one way' | 'both ways' | 'bridge' | 'partition';

export interface Cut extends Span {
  readonly kind: 'cut';
  readonly shape: CutShape;
  /** Source and target rank of each link. */
  readonly links: readonly (readonly [number, number])[];
  readonly loss: 'held' | 'gap' | 'forever';
  /** How many eighths of the writes under way still land, where the rest is lost. */
  readonly eighths: number;
  /** Microseconds after the cut at which a sender is told that its link is broken for good. */
  readonly senderToldAfter: number | null;
}

const EFFECTS: Readonly<Record<CutShape, FaultEffect>> = {
  'one way': 'cutOneWay',
  'both ways': 'cutBothWays',
  bridge: 'cutBridge',
  partition: 'cutPartition',
};

export const cut: FaultKind<Cut> = {
  most: () => 2,

  draw(random, scope) {
    const shape = random.pick<CutShape>(['one way', 'both ways', 'bridge', 'partition']);
    return {
      kind: 'cut',
      ...drawSpan(random, scope),
      shape,
      links: drawLinks(shape, random, scope.nodes),
      loss: random.pick(['held', 'held', 'gap', 'forever']),
      eighths: random.between(0, 8),
      senderToldAfter: random.chance(0.7) ? random.below(scope.heal - scope.up) : null,
    };
  },

  begin({ shape, links, loss, eighths, until, senderToldAfter }, stage) {
    const { network, nodes, fired } = stage;
    fired[EFFECTS[shape]]++;
    for (const [from, to] of links) {
      const link = network.linkBetween(from, nodes[to]!.fabric);
      stage.tell(from, `is cut off from rank ${to} (${shape}, writes ${loss})`);
      if (loss === 'held') {
        fired.cutHeldWrites += network.hold(link);
        stage.at(until, () => network.release(link));
        continue;
      }
      network.sever(link, Math.floor((network.underWay(link) * eighths) / 8));
      if (loss === 'gap') {
        stage.at(until, () => network.mend(link));
        continue;
      }
      fired.cutForGood++;
      if (senderToldAfter === null) continue;
      stage.at(stage.now + senderToldAfter, () => {
        if (!nodes[from]!.isAlive || !nodes[from]!.fabric.reportFailed(to)) return;
        fired.cutToldSender++;
        stage.tell(from, `its fabric says that rank ${to} takes no writes`);
        stage.wake(from);
      });
    }
  },
};

function drawLinks(shape: CutShape, random: Random, nodes: number): (readonly [number, number])[] {
  const [a, b] = drawPair(random, nodes);
  if (shape === 'one way') return [[a, b]];
  if (shape === 'both ways') return bothWays([a], [b]);
  const others = Array.from({ length: nodes }, (_, rank) => rank).filter(rank => rank !== a);
  if (shape === 'partition') {
    const side = others.filter(rank => rank !== b && random.chance(0.5));
    return bothWays(
      [a, ...side],
      others.filter(rank => !side.includes(rank)),
    );
  }
  // A bridge: all reach the one in the middle, and those at one end do not reach those at the other.
  const ends = others.filter(rank => rank !== b);
  return ends.length === 0 ? bothWays([a], [b]) : bothWays([a], ends.slice(random.below(ends.length)));
}

function bothWays(some: readonly number[], others: readonly number[]): (readonly [number, number])[] {
  return some.flatMap(a => others.flatMap(b => [[a, b] as const, [b, a] as const]));
}
