/**
 * How many members the demo kills while it runs. A group outlives the loss of some, as long as more than half are left; and
 * a member that shares a process with the others cannot be killed alone.
 */
import type { FabricName } from '@bowecho/actors/local';

export interface KillPlan {
  readonly kills: number;
  /** Why nobody is killed, where nobody asked for that. */
  readonly why?: string;
}

/** Killed where nobody says how many. */
const DEFAULT_KILLS = 1;

/** The most of so many members that can be lost at once: fewer than half. */
export function mostKills(members: number): number {
  return Math.floor((members - 1) / 2);
}

/** @param asked by the user, if at all; at most `mostKills(members)` */
export function killPlan(asked: number | undefined, members: number, fabric: FabricName): KillPlan {
  const kills = asked ?? DEFAULT_KILLS;
  if (kills === 0) return { kills };
  if (fabric === 'in-process') return { kills: 0, why: 'no member is killed: they are all in one process' };
  if (kills <= mostKills(members)) return { kills };
  return { kills: 0, why: 'no member is killed: more than half must be left, so it takes 3' };
}
