/**
 * Crash: a node dies, between two turns, between any two writes of a push, or between two deliveries. Nothing runs there
 * any more and nothing lands there. Of what it had posted a prefix per link lands, the last write of it perhaps in part.
 * The bytes that those writes borrow stay as they were.
 *
 * The others learn of it late, or never: each peer's fabric may report it, and each peer's control channel may (a
 * connection that broke, and nobody at its address). Neither comes before the crash; both may come before its last writes.
 */
import type { Random } from '../random.js';
import { drawSpan, type FaultKind, type FaultStage, type Span } from './fault-stage.js';

export interface Crash extends Span {
  readonly kind: 'crash';
  readonly rank: number;
  readonly moment: 'turn' | 'push' | 'delivery';
  /** Writes or deliveries after `at` that are still done. A node that does not get there by `until` lives on. */
  readonly after: number;
  /** By target rank: how many eighths of the writes under way land. */
  readonly eighths: readonly number[];
  /** By rank: microseconds after the crash at which that peer is told, by its fabric and by its control channel. */
  readonly toldByFabric: readonly (number | null)[];
  readonly toldByControl: readonly (number | null)[];
}

export const crash: FaultKind<Crash> = {
  most: ({ nodes }) => nodes - 1,

  draw(random, scope) {
    const { nodes, heal, up } = scope;
    const isSilent = random.chance(0.15);
    const drawTold = (probability: number): (number | null)[] =>
      Array.from({ length: nodes }, () =>
        !isSilent && random.chance(probability) ? drawDelay(random, heal - up) : null,
      );
    return {
      kind: 'crash',
      ...drawSpan(random, scope),
      rank: random.below(nodes),
      moment: random.pick(['turn', 'push', 'push', 'delivery']),
      after: random.below(8),
      eighths: Array.from({ length: nodes }, () => random.pick([0, 8, random.between(0, 8)])),
      toldByFabric: drawTold(0.6),
      toldByControl: drawTold(0.4),
    };
  },

  begin(fault, stage) {
    const node = stage.nodes[fault.rank]!;
    if (!node.isAlive) return;
    if (fault.moment === 'turn') {
      stage.fired.crashBetweenTurns++;
      die(fault, stage);
      return;
    }
    const effect = fault.moment === 'push' ? 'crashInPush' : 'crashInDelivery';
    const fuse = {
      left: fault.after,
      burn: (): boolean => {
        if (!node.isAlive || stage.now > fault.until) return false;
        stage.fired[effect]++;
        die(fault, stage);
        return true;
      },
    };
    if (fault.moment === 'push') node.fabric.fuse = fuse;
    else node.deliveryFuse = fuse;
  },
};

function drawDelay(random: Random, most: number): number {
  return random.chance(0.3) ? 0 : random.below(most);
}

function die(fault: Crash, stage: FaultStage): void {
  const { rank, eighths, toldByFabric, toldByControl } = fault;
  const { network, nodes, fired } = stage;
  nodes[rank]!.isAlive = false;
  nodes[rank]!.fabric.isDown = true;
  stage.tell(rank, `crashes ${fault.moment === 'turn' ? 'between turns' : `in a ${fault.moment}`}`);
  for (const link of network.links) {
    if (link.source !== rank) continue;
    const share = eighths[link.target.node]!;
    if (share === 8) continue;
    const { lost, isTorn } = network.lose(link, Math.floor((network.underWay(link) * share) / 8), share > 0);
    fired.crashLostWrites += lost;
    if (isTorn) fired.crashTornWrite++;
  }
  let isSilent = true;
  const tell = (peer: number, delay: number | null, how: () => void): void => {
    if (delay === null || peer === rank) return;
    isSilent = false;
    const tellNow = (): void => {
      const { isAlive, frozenUntil } = nodes[peer]!;
      if (frozenUntil > stage.now) {
        stage.at(frozenUntil, tellNow);
      } else if (isAlive) {
        how();
        stage.wake(peer);
      }
    };
    stage.at(stage.now + delay, tellNow);
  };
  nodes.forEach(({ fabric, process }, peer) => {
    tell(peer, toldByFabric[peer]!, () => {
      if (!fabric.reportFailed(rank)) return;
      fired.crashToldByFabric++;
      stage.tell(peer, `its fabric says that rank ${rank} has failed`);
    });
    tell(peer, toldByControl[peer]!, () => {
      fired.crashToldByControl++;
      stage.tell(peer, `nobody is at the address of rank ${rank}`);
      process.member.memberLost(
        nodes[rank]!.process.member.identity,
        'its process is gone (nobody listens at its address)',
      );
    });
  });
  if (isSilent) fired.crashSilent++;
}
