/**
 * Layout decides which members replicate which shard: a pure function of what is asked for, who is there, and what the
 * view before had. Every member could compute it; only the proposer's result is used, so it may be improved without
 * harming a running group.
 *
 * It is *sticky* (a survivor keeps its place, because moving a replica moves its state), *even* (each shard gets the
 * same number of replicas while members last, and load differs by little), and honest: where a shard would fall short of
 * its minimum the layout is *inadequate* and says which shard lacks how many. A type may name the nodes that hold it (reserved.ts), or
 * have a function of its own that places it (placement.ts).
 */
import { assert } from '../assert.js';
import { placedBy, type Placement } from './placement.js';
import { mayHold } from './reserved.js';
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
  /** Ids of the only members that hold it; left out: whichever no type names. */
  readonly nodes?: readonly string[];
  /** Says who replicates which shard; left out: the even layout. */
  readonly placement?: Placement | undefined;
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
  const named = specs.map(({ nodes = [] }) => ({ nodes }));
  const subgroups = specs.map((spec, type) => {
    const survivors = survivingReplicas(spec, members, previous);
    const able = members.flatMap(({ id }, rank) => (mayHold(named, type, id) ? [rank] : []));
    const placed = place(spec, members, able, survivors);
    if (typeof placed === 'string') missing.push(placed);
    const shards = typeof placed === 'string' ? survivors : placed;
    if (shards === placed) missing.push(...shortOf(spec, shards, members.length, able.length));
    const { name, mode, minReplicas, maxReplicas, senders } = spec;
    return {
      name,
      mode,
      ...named[type]!,
      shards: shards.map(replicas => shardPlacement(replicas, senders)),
      minReplicas,
      maxReplicas,
      maxSenders: senders === 'all' ? Infinity : senders,
      isApart: spec.placement !== undefined,
    };
  });
  return missing.length > 0 ? { adequate: false, missing } : { adequate: true, subgroups };
}

/** By shard, the replicas; or why there are none, in words. */
function place(
  spec: SubgroupSpec,
  members: readonly MemberIdentity[],
  able: readonly number[],
  survivors: readonly number[][],
): readonly (readonly number[])[] | string {
  const { name: type, placement, minReplicas, maxReplicas } = spec;
  if (placement === undefined) return placeEvenly(spec, able, members.length, survivors);
  const ids = members.map(({ id }) => id);
  return placedBy(placement, { type, members: ids, held: survivors, free: able, minReplicas, maxReplicas });
}

/** The shards that have fewer replicas than they must have, in words. */
function shortOf(
  { name, minReplicas, nodes = [] }: SubgroupSpec,
  shards: readonly (readonly number[])[],
  memberCount: number,
  ableCount: number,
): readonly string[] {
  const who =
    ableCount === memberCount
      ? `${memberCount} members`
      : nodes.length > 0
        ? `of its nodes ${nodes.join(', ')} ${ableCount} are members`
        : `${ableCount} of ${memberCount} members are not reserved for others`;
  return shards.flatMap(({ length }, shard) =>
    length < minReplicas
      ? [`${name} shard ${shard} has ${length} of at least ${minReplicas} replicas (${who})`]
      : [],
  );
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
function placeEvenly(
  spec: SubgroupSpec,
  able: readonly number[],
  memberCount: number,
  survivors: readonly number[][],
): number[][] {
  assert(spec.shards > 0, `${spec.name} asks for ${spec.shards} shards`);
  assert(
    spec.minReplicas <= spec.maxReplicas,
    `${spec.name}: min ${spec.minReplicas} > max ${spec.maxReplicas}`,
  );
  assert(spec.senders === 'all' || spec.senders >= 1, `${spec.name} asks for ${spec.senders} senders`);
  const shards = survivors.map(replicas => [...replicas]);
  const load = new Array<number>(memberCount).fill(0);
  for (const replicas of shards) for (const rank of replicas) load[rank]!++;

  const target = Math.min(spec.maxReplicas, able.length);
  for (let size = 0; size < target; size++) {
    for (const replicas of shards) {
      if (replicas.length > size) continue;
      const rank = leastLoaded(able, load, replicas);
      if (rank < 0) continue; // a survivor that may hold no more of it is none of those
      replicas.push(rank);
      load[rank]!++;
    }
  }
  if (able.length > 0) evenOut(shards, survivors, able, load);
  return shards.map(replicas => replicas.sort((a, b) => a - b));
}

/**
 * Moves replicas that nobody holds yet from the busiest members to the idlest, until none has two shards more than
 * another. The passes alone can end on a shard whose only idle member is in it already.
 */
function evenOut(
  shards: number[][],
  survivors: readonly number[][],
  able: readonly number[],
  load: number[],
): void {
  for (;;) {
    const idlest = able.reduce((best, rank) => (load[rank]! < load[best]! ? rank : best));
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

/** Of those who are able, the rank with the lowest load that is not yet in `replicas`, the oldest of equals; -1 if all are. */
function leastLoaded(able: readonly number[], load: readonly number[], replicas: readonly number[]): number {
  let best = -1;
  for (const rank of able) {
    if (!replicas.includes(rank) && (best < 0 || load[rank]! < load[best]!)) best = rank;
  }
  return best;
}

function shardPlacement(replicas: readonly number[], senders: 'all' | number): ShardPlacement {
  return { replicas, senders: senders === 'all' ? replicas : replicas.slice(0, senders) };
}
