/**
 * SimulatedProcess is the seam between a world and what runs on its nodes: a bare member in tests of the protocol, a host
 * of actors in `simulate()`. The world gives it ports and a clock and drives it as a run loop does.
 */
import {
  Member,
  type Application,
  type ControlPort,
  type Fabric,
  type TakesBranch,
  type View,
} from '@bowecho/core';

/** What a node gives to the process on it: its rank in the first view and that view, its ports, its clock, its driver. */
export interface SimulatedHost {
  readonly rank: number;
  readonly view: View;
  readonly fabric: Fabric;
  readonly control: ControlPort;
  readonly ringBytes: number;
  readonly queueBytes: number;
  /** Silence for so long is a suspicion: microseconds, or Infinity. */
  readonly suspicionMicros: number;
  /** Which rare branches of the protocol are taken there. */
  readonly takes: TakesBranch;
  /** Microseconds since 1970, by the clock of this node. */
  readonly now: () => number;
  /** Something was queued: `doWork` should be called soon. */
  readonly wake: () => void;
}

/** What runs on a node: a member and whatever is around it. The world drives it as a run loop does. */
export interface SimulatedProcess {
  readonly member: Member;
  /** One step at that time, microseconds since 1970; returns how much was done. */
  doWork(now: number): number;
  /** When `doWork` should be called though nothing happened: microseconds since 1970, or Infinity. */
  readonly nextDeadline?: number;
}

/** A process that is a member with `application` on it, and nothing else. */
export function memberProcess(host: SimulatedHost, application: Application): SimulatedProcess {
  const { view, rank, ringBytes, queueBytes, suspicionMicros, takes, fabric, control } = host;
  const member = new Member({
    view,
    myRank: rank,
    ringBytes,
    queueBytes,
    suspicionMicros,
    takes,
    ports: { fabric, control, application },
  });
  return {
    member,
    doWork: now => member.doWork(now),
    get nextDeadline() {
      return member.nextDeadline;
    },
  };
}
