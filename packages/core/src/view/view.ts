/**
 * View is one numbered epoch of membership, as an immutable value: who is in it, in order of age, and which members
 * replicate which shard. Everything that can differ between two epochs hangs on it; nothing in a view ever changes.
 */
import { assert } from '../assert.js';
import type { NamesNodes } from './reserved.js';

/** Who a process is. One that comes back under the same id has another incarnation, and is somebody else. */
export interface MemberIdentity {
  /** Stable name of the node. */
  readonly id: string;
  /** Fresh at every start of the process. */
  readonly incarnation: number;
}

/** How a subgroup's messages are delivered. */
export type DeliveryMode = 'ordered' | 'unordered';

/** The replicas of one shard, as ranks in ascending order (oldest first). */
export interface ShardPlacement {
  readonly replicas: readonly number[];
  /** The ranks among `replicas` that may send, in ascending order. */
  readonly senders: readonly number[];
}

/** One actor type. */
export interface Subgroup extends NamesNodes {
  readonly name: string;
  readonly mode: DeliveryMode;
  /** With fewer replicas a shard must not work, so a view with such a shard does not come to be. */
  readonly minReplicas: number;
  /** Replicas of a shard, while members last: who joins fills up to that. */
  readonly maxReplicas: number;
  /** How many of them may send, the oldest; Infinity: all. */
  readonly maxSenders: number;
}

/** An actor type with the places of its shards. */
export interface PlacedSubgroup
  extends Pick<Subgroup, 'name' | 'mode'>, Partial<Omit<Subgroup, 'name' | 'mode'>> {
  readonly shards: readonly ShardPlacement[];
  /** Whether each shard has a multicast of its own, because who places them may part them later. */
  readonly isApart?: boolean;
}

/**
 * One independent multicast: all shards of a subgroup that had the same replicas and senders when they were placed share it,
 * since nothing would be gained by ordering them apart and each multicast costs a table and a ring per sender. They stay
 * together from view to view, so that a set is the same thing under the same index in all of them.
 */
export interface ReplicaSet {
  /** Position in `View.sets`: names the multicast within the view. */
  readonly index: number;
  readonly subgroup: number;
  readonly mode: DeliveryMode;
  readonly shards: readonly number[];
  /** Ranks in ascending order. */
  readonly replicas: readonly number[];
  readonly senders: readonly number[];
}

export interface View {
  /** Grows by one per install; the founders' view is 0. */
  readonly vid: number;
  /** Index is rank; oldest first. */
  readonly members: readonly MemberIdentity[];
  readonly subgroups: readonly Subgroup[];
  /** The multicasts, by index. */
  readonly sets: readonly ReplicaSet[];
}

/** The view that a group begins with, from a layout of its members. */
export function foundingView(members: readonly MemberIdentity[], placed: readonly PlacedSubgroup[]): View {
  const sets: (ReplicaSet & { shards: number[] })[] = [];
  placed.forEach(({ mode, shards, isApart = false }, subgroup) => {
    const byPlacement = new Map<string, number[]>();
    shards.forEach(({ replicas, senders }, shard) => {
      const key = `${replicas.join()}|${senders.join()}`;
      const sharing = isApart ? undefined : byPlacement.get(key);
      if (sharing !== undefined) {
        sharing.push(shard);
        return;
      }
      const together = [shard];
      byPlacement.set(key, together);
      sets.push({ index: sets.length, subgroup, mode, shards: together, replicas, senders });
    });
  });
  return { vid: 0, members, subgroups: placed.map(subgroupOf), sets };
}

/**
 * Where nobody says more, a shard is to have as many replicas as it begins with and works with one of them, on whichever members; and
 * if all of those send, all do later.
 */
function subgroupOf({ name, mode, shards, nodes, ...limits }: PlacedSubgroup): Subgroup {
  const { minReplicas, maxReplicas, maxSenders } = limits;
  const isSentByAll = shards.every(({ replicas, senders }) => senders.length === replicas.length);
  const most = (counts: readonly number[]): number => counts.reduce((a, b) => Math.max(a, b), 1);
  return {
    name,
    mode,
    nodes: nodes ?? [],
    minReplicas: minReplicas ?? 1,
    maxReplicas: maxReplicas ?? most(shards.map(({ replicas }) => replicas.length)),
    maxSenders: maxSenders ?? (isSentByAll ? Infinity : most(shards.map(({ senders }) => senders.length))),
  };
}

/** The rank of the member `id`, or -1. */
export function rankOf(view: View, id: string): number {
  return view.members.findIndex(member => member.id === id);
}

/** The rank of that very process, not only of its name; or -1. */
export function rankOfMember(view: View, { id, incarnation }: MemberIdentity): number {
  const rank = rankOf(view, id);
  return view.members[rank]?.incarnation === incarnation ? rank : -1;
}

/** More than half of `size` members. */
export function isMajority(count: number, size: number): boolean {
  assert(count <= size, `${count} members out of ${size}`);
  return count * 2 > size;
}

/** States what every view must satisfy; called wherever a view is made or arrives. */
export function assertView(view: View): void {
  assert(Number.isSafeInteger(view.vid) && view.vid >= 0, `view id ${view.vid}`);
  assert(view.members.length > 0, `view ${view.vid} has no members`);
  const ids = new Set(view.members.map(member => member.id));
  assert(ids.size === view.members.length, `view ${view.vid} names a member twice`);
  for (const { subgroup, replicas, senders } of view.sets) {
    const { name, minReplicas } = view.subgroups[subgroup]!;
    assert(replicas.length > 0, `a shard of ${name} has no replicas in view ${view.vid}`);
    assert(
      replicas.length >= minReplicas,
      `a shard of ${name} has ${replicas.length} of at least ${minReplicas} replicas in view ${view.vid}`,
    );
    assert(senders.length > 0, `a shard of ${name} has no senders in view ${view.vid}`);
    replicas.forEach((rank, i) => {
      assert(rank >= 0 && rank < view.members.length, `rank ${rank} outside view of ${view.members.length}`);
      assert(i === 0 || rank > replicas[i - 1]!, `replicas of ${name} are not in order of age`);
    });
    assert(
      senders.every(rank => replicas.includes(rank)),
      `a sender of ${name} is not a replica`,
    );
  }
}
