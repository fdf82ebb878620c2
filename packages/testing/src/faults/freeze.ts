/**
 * Freeze: a node stands still for a while, as under SIGSTOP, between two turns or between two writes of a push, and then
 * goes on as if nothing had been. What is under way to it lands meanwhile. What it had posted lands as well, or is held
 * with it where the provider needs the process for its progress; what it had still to post goes out late.
 */
import { drawSpan, type FaultKind, type FaultStage, type Span } from './fault-stage.js';

export interface Freeze extends Span {
  readonly kind: 'freeze';
  readonly rank: number;
  readonly moment: 'turn' | 'push';
  /** Writes after `at` that are still posted. */
  readonly after: number;
  readonly holdsWrites: boolean;
}

export const freeze: FaultKind<Freeze> = {
  most: () => 3,

  draw: (random, scope) => ({
    kind: 'freeze',
    ...drawSpan(random, scope),
    rank: random.below(scope.nodes),
    moment: random.pick(['turn', 'push']),
    after: random.below(6),
    holdsWrites: random.chance(0.5),
  }),

  begin(fault, stage) {
    const node = stage.nodes[fault.rank]!;
    if (!node.isAlive || node.fabric.fuse !== undefined) return;
    if (fault.moment === 'turn') {
      stage.fired.freezeBetweenTurns++;
      stop(fault, stage);
      return;
    }
    node.fabric.fuse = {
      left: fault.after,
      burn: () => {
        if (!node.isAlive || stage.now >= fault.until) return false;
        stage.fired.freezeInPush++;
        stop(fault, stage);
        return true;
      },
    };
  },
};

function stop({ rank, until, holdsWrites }: Freeze, stage: FaultStage): void {
  const { network, nodes, fired } = stage;
  const node = nodes[rank]!;
  node.frozenUntil = Math.max(node.frozenUntil, until);
  stage.tell(rank, `stands still until ${until}`);
  if (!holdsWrites) return;
  const links = network.links.filter(link => link.source === rank);
  for (const link of links) fired.freezeHeldWrites += network.hold(link);
  stage.at(until, () => {
    for (const link of links) network.release(link);
  });
}
