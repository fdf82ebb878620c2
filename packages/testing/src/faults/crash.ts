/**
 * Crash: a node dies, between two turns, between any two writes of a push, or between two deliveries. Nothing runs there
 * any more and nothing lands there. Of what it had posted a prefix per link lands, the last write of it perhaps in part.
 * The bytes that those writes borrow stay as they were.
 *
 * The others learn of it late, or never: each peer's fabric may report it, and each peer's control channel may (a
 * connection that broke, and nobody at its address). Neither comes before the crash; both may come before its last writes.
 */
import type { Random } from '../random.js';
import { drawSpan, type FaultKind, type FaultScope, type FaultStage, type Span } from './fault-stage.js';

/** What is left of a node that dies, and who hears of it; nodes beyond the founders take their places again from the first. */
export interface Death {
  /** By target rank: how many eighths of the writes under way land. */
  readonly eighths: readonly number[];
  /** By rank: microseconds after the crash at which that peer is told, by its fabric and by its control channel. */
  readonly toldByFabric: readonly (number | null)[];
  readonly toldByControl: readonly (number | null)[];
}

export interface Crash extends Span, Death {
  readonly kind: 'crash';
  readonly rank: number;
  readonly moment: 'turn' | 'push' | 'delivery';
  /** Writes or deliveries after `at` that are still done. A node that does not get there by `until` lives on. */
  readonly after: number;
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
      crashNow(fault, stage);
      return;
    }
    const effect = fault.moment === 'push' ? 'crashInPush' : 'crashInDelivery';
    const fuse = {
      left: fault.after,
      burn: (): boolean => {
        if (!node.isAlive || stage.now > fault.until) return false;
        stage.fired[effect]++;
        crashNow(fault, stage);
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

/** As of a crash, from a stream of its own. */
export function drawDeath(random: Random, { nodes, heal, up }: FaultScope): Death {
  const isSilent = random.chance(0.15);
  const drawTold = (probability: number): (number | null)[] =>
    Array.from({ length: nodes }, () =>
      !isSilent && random.chance(probability) ? drawDelay(random, heal - up) : null,
    );
  return {
    eighths: Array.from({ length: nodes }, () => random.pick([0, 8, random.between(0, 8)])),
    toldByFabric: drawTold(0.6),
    toldByControl: drawTold(0.4),
  };
}

function crashNow(fault: Crash, stage: FaultStage): void {
  const { rank, moment } = fault;
  stage.tell(rank, `crashes ${moment === 'turn' ? 'between turns' : `in a ${moment}`}`);
  die(rank, fault, stage);
}

/** Nothing runs at that node any more. */
export function die(rank: number, { eighths, toldByFabric, toldByControl }: Death, stage: FaultStage): void {
  const { network, nodes, fired } = stage;
  nodes[rank]!.isAlive = false;
  nodes[rank]!.fabric.isDown = true;
  for (const link of network.links) {
    if (link.source !== rank) continue;
    const share = eighths[link.target.node % eighths.length]!;
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
    tell(peer, toldByFabric[peer % toldByFabric.length]!, () => {
      if (!fabric.reportFailed(rank)) return;
      fired.crashToldByFabric++;
      stage.tell(peer, `its fabric says that rank ${rank} has failed`);
    });
    tell(peer, toldByControl[peer % toldByControl.length]!, () => {
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
