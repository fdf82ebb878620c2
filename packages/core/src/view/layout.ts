/**
 * Layout decides which members replicate which shard: a pure function of what is asked for, who is there, and what the
 * view before had. Every member could compute it; only the proposer's result is used, so it may be improved without
 * harming a running group.
 *
 * It is *sticky* (a survivor keeps its place, because moving a replica moves its state), *even* (each shard gets the
 * same number of replicas while members last, and load differs by little), and honest: where a shard would fall short of
 * its minimum the layout is *inadequate* and says which shard lacks how many.
 */
import { assert } from '../assert.js';
import type { DeliveryMode, MemberIdentity, PlacedSubgroup, ShardPlacement, View } from './view.js';

/** What one actor type asks for. */
export interface SubgroupSpec {
  readonly name: string;
  readonly mode: DeliveryMode;
  readonly shards: number;
  /** Below this many replicas a shard must not work. */
  readonly minReplicas: number;
  /** As many replicas as this, while members last. */
  readonly maxReplicas: number;
  /** Who may send: every replica, or the oldest so many of them. */
  readonly senders: 'all' | number;
}

export type Layout =
  | { readonly adequate: true; readonly subgroups: readonly PlacedSubgroup[] }
  | { readonly adequate: false; readonly missing: readonly string[] };

/**
 * Places the shards of every type on `members`.
 *
 * @param previous the view before, whose surviving replicas stay where they are
 */
export function layoutSubgroups(
  specs: readonly SubgroupSpec[],
  members: readonly MemberIdentity[],
  previous?: View,
): Layout {
  const missing: string[] = [];
  const subgroups = specs.map(spec => {
    const survivors = survivingReplicas(spec, members, previous);
    const placed = placeEvenly(spec, members.length, survivors);
    placed.forEach((replicas, shard) => {
      if (replicas.length < spec.minReplicas) {
        missing.push(
          `${spec.name} shard ${shard} has ${replicas.length} of at least ${spec.minReplicas} replicas ` +
            `(${members.length} members)`,
        );
      }
    });
    const shards = placed.map(replicas => placement(replicas, spec.senders));
    const { name, mode, maxReplicas, senders } = spec;
    return { name, mode, shards, maxReplicas, maxSenders: senders === 'all' ? Infinity : senders };
  });
  return missing.length > 0 ? { adequate: false, missing } : { adequate: true, subgroups };
}

/** Per shard, the ranks in the new member list of those who already replicated it. */
function survivingReplicas(
  spec: SubgroupSpec,
  members: readonly MemberIdentity[],
  previous: View | undefined,
): number[][] {
  const before = previous?.subgroups.findIndex(subgroup => subgroup.name === spec.name);
  return Array.from({ length: spec.shards }, (_, shard) => {
    const old = previous?.sets.find(set => set.subgroup === before && set.shards.includes(shard));
    if (old === undefined || previous === undefined) return [];
    return old.replicas
      .map(rank => previous.members[rank]!)
      .map(was => members.findIndex(is => is.id === was.id && is.incarnation === was.incarnation))
      .filter(rank => rank >= 0)
      .slice(0, spec.maxReplicas);
  });
}

/**
 * Fills each shard up to its maximum, one replica per shard and pass, always with the member that holds fewest shards of
 * this type. Passes and not shard by shard: when members run short, every shard gets its second replica before any gets
 * its third.
 */
function placeEvenly(spec: SubgroupSpec, memberCount: number, survivors: readonly number[][]): number[][] {
  assert(spec.shards > 0, `${spec.name} asks for ${spec.shards} shards`);
  assert(
    spec.minReplicas <= spec.maxReplicas,
    `${spec.name}: min ${spec.minReplicas} > max ${spec.maxReplicas}`,
  );
  assert(spec.senders === 'all' || spec.senders >= 1, `${spec.name} asks for ${spec.senders} senders`);
  const shards = survivors.map(replicas => [...replicas]);
  const load = new Array<number>(memberCount).fill(0);
  for (const replicas of shards) for (const rank of replicas) load[rank]!++;

  const target = Math.min(spec.maxReplicas, memberCount);
  for (let size = 0; size < target; size++) {
    for (const replicas of shards) {
      if (replicas.length > size) continue;
      const rank = leastLoaded(load, replicas);
      replicas.push(rank);
      load[rank]!++;
    }
  }
  evenOut(shards, survivors, load);
  return shards.map(replicas => replicas.sort((a, b) => a - b));
}

/**
 * Moves replicas that nobody holds yet from the busiest members to the idlest, until none has two shards more than
 * another. The passes alone can end on a shard whose only idle member is in it already.
 */
function evenOut(shards: number[][], survivors: readonly number[][], load: number[]): void {
  for (;;) {
    const idlest = load.indexOf(Math.min(...load));
    const from = shards.findIndex((replicas, shard) =>
      replicas.some(rank => canMove(rank, idlest, replicas, survivors[shard]!, load)),
    );
    if (from < 0) return;
    const replicas = shards[from]!;
    const at = replicas.findIndex(rank => canMove(rank, idlest, replicas, survivors[from]!, load));
    load[replicas[at]!]!--;
    load[idlest]!++;
    replicas[at] = idlest;
  }
}

function canMove(
  rank: number,
  to: number,
  replicas: readonly number[],
  survivors: readonly number[],
  load: readonly number[],
): boolean {
  return load[rank]! >= load[to]! + 2 && !replicas.includes(to) && !survivors.includes(rank);
}

/** The rank with the lowest load that is not yet in `replicas`; the oldest of equals. */
function leastLoaded(load: readonly number[], replicas: readonly number[]): number {
  let best = -1;
  for (let rank = 0; rank < load.length; rank++) {
    if (!replicas.includes(rank) && (best < 0 || load[rank]! < load[best]!)) best = rank;
  }
  assert(best >= 0, `no member left for a shard of ${replicas.length} replicas`);
  return best;
}

function placement(replicas: readonly number[], senders: 'all' | number): ShardPlacement {
  return { replicas, senders: senders === 'all' ? replicas : replicas.slice(0, senders) };
}
