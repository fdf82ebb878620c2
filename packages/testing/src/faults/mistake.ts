/**
 * Mistake: some members, fewer than half, are taken for lost by all others within moments, though they are well, and hear nothing
 * of it: what is under way between the two sides waits for a while. So there may be a view without them while they go on by what
 * they have.
 */
import { drawMoment, type FaultKind, type Span } from './fault-stage.js';

export interface Mistake extends Span {
  readonly kind: 'mistake';
  readonly ranks: readonly number[];
  /** By rank: microseconds after which that member takes them for lost. */
  readonly believedAfter: readonly number[];
}

/** Microseconds. */
const MOST_DELAY = 3_000;
const LONGEST = 60_000;

export const mistake: FaultKind<Mistake> = {
  most: () => 2,

  share: ({ hasMistakes = false }) => (hasMistakes ? 0.8 : 0),

  draw(random, scope) {
    const at = drawMoment(random, scope);
    const first = random.below(scope.nodes);
    const count = random.between(1, Math.max(1, Math.ceil(scope.nodes / 2) - 1));
    return {
      kind: 'mistake',
      at,
      until: Math.min(at + random.between(1, LONGEST), Math.max(at + 1, scope.heal)),
      ranks: Array.from({ length: count }, (_, nth) => (first + nth) % scope.nodes),
      believedAfter: Array.from({ length: scope.nodes }, () => random.below(MOST_DELAY)),
    };
  },

  begin({ ranks, believedAfter, until }, stage) {
    const { nodes, network, fired } = stage;
    fired.mistake++;
    for (const rank of ranks) {
      const { identity } = nodes[rank]!.process.member;
      stage.tell(rank, 'is taken for lost, and does not know');
      believedAfter.forEach((delay, other) => {
        if (ranks.includes(other)) return;
        for (const [from, to] of [
          [rank, other],
          [other, rank],
        ] as const) {
          const link = network.linkBetween(from, nodes[to]!.fabric);
          network.hold(link);
          stage.at(until, () => network.release(link));
        }
        stage.at(stage.now + delay, () => {
          const { isAlive, frozenUntil, process } = nodes[other]!;
          if (!isAlive || frozenUntil > stage.now) return;
          process.member.memberLost(identity, 'so it is said');
          stage.wake(other);
        });
      });
    }
  },
};
