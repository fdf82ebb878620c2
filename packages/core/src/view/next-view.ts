/**
 * The next view, as pure functions: who stays, as a proposer sees it in the member table; the view that it proposes then; and the
 * view that follows from what is decided. How it is decided (one record, Paxos) is not their business. The layout is in the record,
 * so `nextView` may be improved, and need not give the same everywhere.
 *
 * Who stays is settled by the proposer's own suspicions first, and then by age: a member is kept if nobody kept suspects it and
 * it suspects nobody kept. So one cut link costs the younger of its two ends, and never the group. By age alone a dead member
 * that is the oldest would cost everybody who suspects it.
 *
 * Who stays becomes a replica of nothing that it did not hold before: its state would have to come from somewhere first. Who
 * joins fills up the shards that lack replicas: it has learned their state before it was let in.
 */
import { assert } from '../assert.js';
import { assertView, type MemberIdentity, type ReplicaSet, type View } from './view.js';

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

/** What is decided of a view's end, as far as the next view follows from it. */
export interface Succession {
  /** By rank: what becomes of each member. */
  readonly fates: readonly Fate[];
  /** By set: ranks in the next view. */
  readonly layout: readonly (readonly number[])[];
  /** Who is new, in the order of their ranks, which are the last. */
  readonly joiners: readonly MemberIdentity[];
}

/**
 * The view after `old`, as it was decided. Somebody must stay.
 *
 * That survivors keep what they hold, and get nothing that they do not, is checked here too: the state of a set that a member got
 * for nothing would be empty.
 */
export function viewAfter(old: View, { fates, layout, joiners }: Succession): View {
  assert(layout.length === old.sets.length, `a layout of ${layout.length} sets after ${old.sets.length}`);
  const staying = old.members.flatMap((_, rank) => (fates[rank] === 'stays' ? [rank] : []));
  const sets = old.sets.map((set, index) => {
    const replicas = layout[index]!;
    staying.forEach((before, rank) =>
      assert(
        replicas.includes(rank) === set.replicas.includes(before),
        `the layout after view ${old.vid} moves set ${index} at rank ${before}`,
      ),
    );
    return { ...set, replicas, senders: replicas.slice(0, old.subgroups[set.subgroup]!.maxSenders) };
  });
  const members = [...staying.map(rank => old.members[rank]!), ...joiners];
  const view: View = { vid: old.vid + 1, members, subgroups: old.subgroups, sets };
  assertView(view);
  return view;
}

/**
 * The view to be proposed after `old`.
 *
 * @param fates by rank: what becomes of each member
 * @param joiners who is new, in the order of their ranks, which are the last
 */
export function nextView(
  old: View,
  fates: readonly Fate[],
  joiners: readonly MemberIdentity[] = [],
): NextView {
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
  const view: View = {
    vid: old.vid + 1,
    members: [...staying, ...joiners],
    subgroups,
    sets: fillUp(old, sets, staying.length, joiners.length),
  };
  assertView(view);
  return { kind: 'next', view };
}

function survivingSet(old: ReplicaSet, newRanks: readonly number[]): ReplicaSet {
  return { ...old, replicas: old.replicas.map(rank => newRanks[rank]!).filter(rank => rank >= 0) };
}

/**
 * Each set that lacks replicas gets one joiner after the other, always the one that holds fewest shards of that type; in passes,
 * so that every set has its second replica before any has its third. Where only some are senders, they are the oldest.
 *
 * @param first the rank of the first joiner
 */
function fillUp(
  { subgroups }: View,
  sets: readonly ReplicaSet[],
  first: number,
  joiners: number,
): readonly ReplicaSet[] {
  const filled = sets.map(set => ({ set, replicas: [...set.replicas] }));
  const ranks = Array.from({ length: joiners }, (_, i) => first + i);
  const most = Math.max(...subgroups.map(({ maxReplicas }) => maxReplicas));
  const load = subgroups.map(() => new Map(ranks.map(rank => [rank, 0])));
  for (let size = 1; size < Math.min(most, first + joiners); size++) {
    for (const { set, replicas } of filled) {
      if (replicas.length > size || replicas.length >= subgroups[set.subgroup]!.maxReplicas) continue;
      const loads = load[set.subgroup]!;
      const free = ranks.filter(rank => !replicas.includes(rank));
      if (free.length === 0) continue;
      const rank = free.reduce((best, each) => (loads.get(each)! < loads.get(best)! ? each : best));
      loads.set(rank, loads.get(rank)! + set.shards.length);
      replicas.push(rank);
    }
  }
  return filled.map(({ set, replicas }) => {
    replicas.sort((a, b) => a - b);
    return { ...set, replicas, senders: replicas.slice(0, subgroups[set.subgroup]!.maxSenders) };
  });
}

function missingReplicas(name: string, shards: readonly number[]): string {
  return `${name} ${shards.length === 1 ? 'shard' : 'shards'} ${shards.join(', ')}: no replica is left`;
}
