/**
 * The next view, as pure functions: who stays, as a proposer sees it in the member table, and the view that follows from what
 * is decided. How it is decided (one record, Paxos) is not their business.
 *
 * Who stays is settled by the proposer's own suspicions first, and then by age: a member is kept if nobody kept suspects it and
 * it suspects nobody kept. So one cut link costs the younger of its two ends, and never the group. By age alone a dead member
 * that is the oldest would cost everybody who suspects it.
 *
 * Nobody becomes a replica of what it did not hold before: its state would have to come from somewhere first.
 */
import { assert } from '../assert.js';
import { assertView, type ReplicaSet, type View } from './view.js';

/**
 * What becomes of a member of the view that ends. Who stays or leaves has agreed to the trim; who is lost must never act
 * in it again.
 */
export type Fate = 'lost' | 'leaves' | 'stays';

export type NextView =
  | { readonly kind: 'next'; readonly view: View }
  /** Everybody goes on purpose: there is none. */
  | { readonly kind: 'nobody' }
  /** Some shards would have no replica left: stay wedged. */
  | { readonly kind: 'inadequate'; readonly missing: readonly string[] };

/**
 * The ranks of a view of `size` members that go on together, oldest first, as `proposer` sees it. Leavers count as kept: they
 * still vote. The proposer may be left out itself, where somebody older suspects it.
 *
 * @param suspected by rank, by rank: whether the first suspects the second
 */
export function whoStays(
  size: number,
  suspected: readonly (readonly boolean[])[],
  proposer: number,
): readonly number[] {
  const kept: number[] = [];
  for (let rank = 0; rank < size; rank++) {
    assert(!suspected[rank]![rank], `rank ${rank} suspects itself`);
    if (suspected[proposer]![rank]) continue;
    if (kept.every(older => !suspected[older]![rank] && !suspected[rank]![older])) kept.push(rank);
  }
  return kept;
}

/** The view after `old`, by what becomes of each member of that. */
export function nextView(old: View, fates: readonly Fate[]): NextView {
  const { members, subgroups } = old;
  assert(fates.length === members.length, `${fates.length} fates of ${members.length} members`);
  const staying = members.filter((_, rank) => fates[rank] === 'stays');
  if (staying.length === 0) return { kind: 'nobody' };
  const newRanks = members.map(member => staying.indexOf(member));
  const sets = old.sets.map(set => survivingSet(set, newRanks));
  const missing = sets
    .filter(set => set.replicas.length === 0)
    .map(({ subgroup, shards }) => missingReplicas(subgroups[subgroup]!.name, shards));
  if (missing.length > 0) return { kind: 'inadequate', missing };
  const view: View = { vid: old.vid + 1, members: staying, subgroups, sets };
  assertView(view);
  return { kind: 'next', view };
}

/** Where only some were senders, the oldest so many of those who are left are. */
function survivingSet(old: ReplicaSet, newRanks: readonly number[]): ReplicaSet {
  const replicas = old.replicas.map(rank => newRanks[rank]!).filter(rank => rank >= 0);
  return { ...old, replicas, senders: replicas.slice(0, old.senders.length) };
}

function missingReplicas(name: string, shards: readonly number[]): string {
  return `${name} ${shards.length === 1 ? 'shard' : 'shards'} ${shards.join(', ')}: no replica is left`;
}
