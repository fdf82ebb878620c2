/**
 * FaultStage is what faults may do to a world, and FaultKind what every kind of fault has to say: how one is drawn, and
 * how it begins. A fault is plain data, all of it drawn before the world starts, so that a world is its options and its
 * list of faults, and the list can be cut down to what matters.
 */
import type { Random } from '../random.js';
import type { SimulatedControl } from '../simulated-control.js';
import type { SimulatedNetwork } from '../simulated-network.js';
import type { SimulatedNode } from '../simulated-node.js';
import type { FaultCounts } from './fault-counts.js';

/** For whom and when faults are drawn. Times are virtual microseconds. */
export interface FaultScope {
  readonly nodes: number;
  /** About when the group is up, and when everything that can be healed is healed. */
  readonly up: number;
  readonly heal: number;
  /** Whether members that are well are taken for lost. */
  readonly hasMistakes?: boolean;
}

export interface FaultStage {
  readonly now: number;
  readonly network: SimulatedNetwork;
  readonly control: SimulatedControl;
  readonly nodes: readonly SimulatedNode[];
  readonly fired: FaultCounts;
  /** Calls `action` at that virtual time, microseconds. */
  at(time: number, action: () => void): void;
  /** Observers hear of it. */
  tell(rank: number, sentence: string): void;
  /** Something was queued at a node. */
  wake(rank: number): void;
  /** A process of that id joins; `onIn` hears of its node when it is in. */
  join(id: string, first: number, onIn: (node: number) => void): void;
  /** Whether a process of that id wants to be in, or has been let in. */
  isJoining(id: string): boolean;
  /** An id that nobody has. */
  freshId(): string;
}

/** A moment in the life of a fault that lasts. */
export interface Span {
  /** Virtual microseconds. */
  readonly at: number;
  readonly until: number;
}

export interface FaultKind<F> {
  /** In which share of worlds any happen at all; in half of them where left out. */
  share?(scope: FaultScope): number;
  /** Most faults of this kind in one world. */
  most(scope: FaultScope): number;
  draw(random: Random, scope: FaultScope): F;
  /** Called at `fault.at`; what ends by itself asks the stage for another call. */
  begin(fault: F, stage: FaultStage): void;
}

/** A moment for a fault: one in eight while the group comes up, the others once it runs. */
export function drawMoment(random: Random, { up, heal }: FaultScope): number {
  return random.chance(1 / 8) ? random.below(up) : random.between(up, heal - 1);
}

export function drawSpan(random: Random, scope: FaultScope): Span {
  const at = drawMoment(random, scope);
  return { at, until: random.between(at + 1, scope.heal) };
}

/** A pair of different ranks. */
export function drawPair(random: Random, nodes: number): readonly [number, number] {
  const from = random.below(nodes);
  return [from, (from + random.between(1, nodes - 1)) % nodes];
}
