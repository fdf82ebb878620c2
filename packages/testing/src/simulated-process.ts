/**
 * SimulatedProcess is the seam between a world and what runs on its nodes: a bare member in tests of the protocol, a host
 * of actors in `simulate()`. The world gives it ports and a clock and drives it as a run loop does.
 */
import type { Teachers } from './simulated-joins.js';
import {
  Member,
  type Application,
  type ControlPort,
  type Fabric,
  type MemberOptions,
  type TakesBranch,
  type View,
} from '@bowecho/core';

/** What a node gives to the process on it: the view to begin with, its ports, its clock, its driver. */
export interface SimulatedHost {
  /** The number of the node; a founder's rank in the first view. */
  readonly rank: number;
  readonly view: View;
  readonly myRank: number;
  /** Of who joins, by set: the node that it learned from, and what its multicast begins with. */
  readonly teachers?: Teachers;
  readonly shared?: MemberOptions['shared'];
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
  const { view, myRank, shared, ringBytes, queueBytes, suspicionMicros, takes, fabric, control } = host;
  const member = new Member({
    view,
    myRank,
    ...(shared !== undefined && { shared }),
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
