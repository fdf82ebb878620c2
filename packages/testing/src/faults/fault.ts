/**
 * A fault is something that breaks in a simulated world, at a time, as plain data: a list of them says all that goes
 * wrong in a run, can be written down as JSON, and played again.
 *
 * Which kinds happen in a world is drawn first, most of them off in half of all worlds: faults that are always on hide each other.
 * What ends, ends by `scope.heal`: from then on a world is well but for who died and what was lost, and has to settle.
 */
import type { Random } from '../random.js';
import { clockDrift, type ClockDrift } from './clock-drift.js';
import { closedMemory, type ClosedMemory } from './closed-memory.js';
import { controlReset, controlStall, type ControlReset, type ControlStall } from './control-reset.js';
import { crash, type Crash } from './crash.js';
import { cut, type Cut } from './cut.js';
import type { FaultKind, FaultScope, FaultStage } from './fault-stage.js';
import { freeze, type Freeze } from './freeze.js';
import { join, type Join } from './join.js';
import { mistake, type Mistake } from './mistake.js';
import { slowLink, slowNode, type SlowLink, type SlowNode } from './slowness.js';

export type Fault =
  | Crash
  | Freeze
  | Cut
  | ControlReset
  | ControlStall
  | ClockDrift
  | SlowNode
  | SlowLink
  | ClosedMemory
  | Join
  | Mistake;

const KINDS: { readonly [K in Fault['kind']]: FaultKind<Extract<Fault, { kind: K }>> } = {
  crash,
  freeze,
  cut,
  'control-reset': controlReset,
  'control-stall': controlStall,
  'clock-drift': clockDrift,
  'slow-node': slowNode,
  'slow-link': slowLink,
  'closed-memory': closedMemory,
  join,
  mistake,
};

/** What goes wrong in one world, each kind from a stream of its own. */
export function drawFaults(random: Random, scope: FaultScope): readonly Fault[] {
  const faults: Fault[] = [];
  for (const [name, kind] of Object.entries(KINDS)) {
    const stream = random.split(name);
    if (stream.chance(1 - (kind.share?.(scope) ?? 0.5))) continue;
    const count = stream.between(1, kind.most(scope));
    for (let i = 0; i < count; i++) faults.push(kind.draw(stream, scope));
  }
  return faults;
}

/** Lets a fault happen at its time. */
export function scheduleFault(fault: Fault, stage: FaultStage): void {
  const kind = KINDS[fault.kind] as FaultKind<Fault>;
  stage.at(fault.at, () => kind.begin(fault, stage));
}
