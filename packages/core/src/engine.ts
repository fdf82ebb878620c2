/**
 * Engine is one member of one view: a deterministic function over its tables. A turn goes, always in this order:
 *
 *  1. snapshot: the member table first, then the shard tables. A wedge that I see vouches for the shard tables that were
 *     pushed before it, so it must be read before them;
 *  2. receive: parse rings up to the snapshot's tails, raise the clock, acknowledge;
 *  3. release my ring bytes that everybody has delivered; deliver whatever is stable, in the total order;
 *     Where the view is decided to end, up to where the record says;
 *  4. membership: inputs and predicates;
 *  5. publish: all that is queued becomes one batch with a round above everything acknowledged;
 *  6. push: shard tables, then the member table; in each, ring bytes before the counters that vouch for them.
 *
 * No logic here, only the order. Nothing allocates per message.
 *
 * A view that was left behind for the next one takes other turns: it votes, for those who do not know yet what was decided.
 */
import type { Outbox } from './effects.js';
import { BORROWED, CAPTURED, QUIET } from './fabric.js';
import { EndNotes } from './membership/view-end.js';
import { ViewManager, type Standing } from './membership/view-manager.js';
import { Membership } from './membership/membership-machine.js';
import { inherited, type Heritage, type SharedHeritage } from './multicast/heritage.js';
import { Multicast, type MulticastOptions } from './multicast/multicast.js';
import type { PushList } from './push-list.js';
import { TAKES_NONE, type TakesBranch } from './rare-branches.js';
import { memberColumns } from './table/member-columns.js';
import { tableLayout, type TableLayout } from './table/row-layout.js';
import { Table } from './table/table.js';
import { NO_PLACEMENTS, type Placements } from './view/placement.js';
import { rankOfMember, type View } from './view/view.js';

/** The memory that the member table of a view needs. */
export function memberTableLayout(view: View): TableLayout {
  const { length } = view.members;
  return tableLayout(memberColumns(length).block, length, [], 0, new EndNotes(view).cells);
}

/** Registered memory for the tables of one view. */
export interface EngineMemory {
  readonly memberTable: ArrayBuffer;
  /** By replica set; undefined where this member is no replica. */
  readonly shardTables: readonly (ArrayBuffer | undefined)[];
}

export interface EngineOptions extends MulticastOptions {
  /** Silence for so long is a suspicion: microseconds. Infinity: it never is, and who is cut off never halts. */
  readonly suspicionMicros: number;
  /** Of the actor types that have one of their own: who replicates which shard when somebody joins. */
  readonly placements?: Placements;
  /** For simulators: which rare branches are taken. None where left out. */
  readonly takes?: TakesBranch;
}

/** What comes before a view at one of its members: the engine of the view before, or what a joiner has learned. */
export interface Predecessor {
  readonly standing: Standing;
  /** What the multicast of a set begins with; undefined where there is nothing. */
  heritageFor(next: View, set: number): Heritage | SharedHeritage | undefined;
}

/**
 * What comes before the first view of a joiner.
 *
 * @param shared by set, of one who was a replica of it before: what its multicasts begin with
 */
export function joined(shared: readonly (SharedHeritage | undefined)[]): Predecessor {
  return {
    standing: { membership: Membership.initial, leaveReason: undefined, acquaintances: [] },
    heritageFor: (_, set) => shared[set],
  };
}

export class Engine implements Predecessor {
  readonly view: View;
  readonly myRank: number;
  readonly manager: ViewManager;
  /** By replica set; undefined where this member is no replica. */
  readonly multicasts: readonly (Multicast | undefined)[];
  private readonly mine: readonly Multicast[];
  private readonly memberTable: Table;
  /** By rank, the peer to push to, or -1; and whether it has had nothing of my row yet. */
  private readonly memberPeers: Int32Array;
  private readonly needsRow: Uint8Array;
  private hasNewPeers = false;
  /** Parallel to `mine`: by row, the peer to push to, or -1; and how far my ring is pushed. */
  private readonly shardPeers: readonly Int32Array[];
  private readonly pushedBytes: Float64Array;
  /** Parallel to `mine`: whether this turn touched it. */
  private readonly active: Uint8Array;
  /** Index in `mine` that delivers first; another one after each turn that had no room for all, so that none starves. */
  private firstSet = 0;

  /** @param before the view before, which is decided and delivered, and leaves its messages to this one; undefined for founders */
  constructor(
    view: View,
    myRank: number,
    memory: EngineMemory,
    options: EngineOptions,
    before?: Predecessor,
  ) {
    this.view = view;
    this.myRank = myRank;
    const { length } = view.members;
    this.memberTable = new Table(memberTableLayout(view), memory.memberTable, myRank);
    this.memberPeers = new Int32Array(length).fill(-1);
    this.needsRow = new Uint8Array(length);
    this.multicasts = view.sets.map(set => {
      const bytes = memory.shardTables[set.index];
      if (bytes === undefined) return undefined;
      return new Multicast(set, myRank, bytes, options, before?.heritageFor(view, set.index));
    });
    this.mine = this.multicasts.filter(multicast => multicast !== undefined);
    this.shardPeers = this.mine.map(multicast => new Int32Array(multicast.set.replicas.length).fill(-1));
    this.pushedBytes = new Float64Array(this.mine.length);
    this.active = new Uint8Array(this.mine.length);
    this.manager = new ViewManager(
      view,
      myRank,
      this.memberTable,
      new EndNotes(view),
      options.suspicionMicros,
      options.takes ?? TAKES_NONE,
      options.placements ?? NO_PLACEMENTS,
      before?.standing,
    );
  }

  get standing(): Standing {
    return this.manager.successorStanding;
  }

  /** What a set leaves to its multicast in the next view. */
  heritageFor(next: View, set: number): Heritage | undefined {
    const multicast = this.multicasts[set];
    const record = this.manager.decided;
    if (multicast === undefined || record === undefined) return undefined;
    const { senders } = multicast.set;
    const oldIndexes = next.sets[set]!.senders.map(rank =>
      senders.indexOf(rankOfMember(this.view, next.members[rank]!)),
    );
    return inherited(multicast.bequeath(record.trims[set]!), oldIndexes);
  }

  /** Notes that writes to `rank` go through these peers: its member table, then its table per replica set. */
  connected(rank: number, memberPeer: number, shardPeer: (set: number) => number): void {
    this.memberPeers[rank] = memberPeer;
    this.needsRow[rank] = 1;
    this.hasNewPeers = true;
    this.mine.forEach((multicast, i) => {
      const row = multicast.set.replicas.indexOf(rank);
      if (row >= 0) this.shardPeers[i]![row] = shardPeer(multicast.set.index);
    });
    this.manager.connected(rank);
  }

  /** Nothing is written to `rank` any more. */
  disconnected(rank: number): void {
    this.memberPeers[rank] = -1;
    this.mine.forEach(({ set }, i) => {
      const row = set.replicas.indexOf(rank);
      if (row >= 0) this.shardPeers[i]![row] = -1;
    });
  }

  /** Writes of that member were lost: nothing that its rows show from now on is believed. */
  broken(rank: number, reason: string): void {
    if (rank === this.myRank) return;
    this.memberTable.freeze(rank);
    for (const multicast of this.mine) multicast.freeze(rank);
    this.manager.suspect(rank, reason);
  }

  /**
   * One step. Reads memory, changes only my own rows, adds to `outbox`.
   *
   * @param now microseconds since 1970, never falling
   * @returns how much was done; 0 when there was nothing to do
   */
  turn(now: number, outbox: Outbox): number {
    const { manager } = this;
    let work = 0;
    const changed = this.memberTable.takeSnapshot();
    if (manager.isActive) work += this.receiveAndDeliver(outbox);
    else if (manager.state === 'trimming') work += this.deliverTheRest(outbox);
    manager.turn(now, this.multicasts, outbox, changed);
    if (changed || outbox.effects.length > 0) work++;
    if (manager.isActive) work += this.publish(now);
    for (let i = 0; i < this.mine.length; i++) {
      const multicast = this.mine[i]!;
      if (multicast.mustPush(now)) this.pushShard(multicast, i, outbox.pushes);
    }
    this.pushMemberRow(outbox.pushes);
    return work;
  }

  /**
   * A step of a view that was left behind.
   *
   * @returns ranks of members whose beat is new
   */
  turnAsVoter(now: number, pushes: PushList): readonly number[] {
    const fresh = this.manager.turnAsVoter(now, this.memberTable.takeSnapshot());
    this.pushMemberRow(pushes);
    return fresh;
  }

  /** Says in a view that was left behind that I am well. */
  beat(pushes: PushList): void {
    this.manager.beat();
    this.pushMemberRow(pushes);
  }

  /** What the record says is delivered, stable or not. */
  private deliverTheRest({ deliveries }: Outbox): number {
    const before = deliveries.count;
    const { trims } = this.manager.decided!;
    for (const multicast of this.mine) multicast.deliverTo(trims[multicast.set.index]!, deliveries);
    return deliveries.count - before;
  }

  private receiveAndDeliver(outbox: Outbox): number {
    const { length } = this.mine;
    let work = 0;
    for (let nth = 0; nth < length; nth++) {
      const i = (this.firstSet + nth) % length;
      const multicast = this.mine[i]!;
      const changed = multicast.snapshot();
      this.active[i] = changed || multicast.isBusy ? 1 : 0;
      if (this.active[i] === 0) continue;
      work += (changed ? 1 : 0) + multicast.receive();
      multicast.release();
      work += multicast.deliver(outbox.deliveries);
    }
    if (outbox.deliveries.room <= 0) this.firstSet = (this.firstSet + 1) % length;
    return work;
  }

  private publish(now: number): number {
    let work = 0;
    for (let i = 0; i < this.mine.length; i++) {
      if (this.active[i] !== 0) work += this.mine[i]!.publish(now);
    }
    return work;
  }

  /** When a turn must come though nothing happened: microseconds, or Infinity. */
  get nextDeadline(): number {
    let deadline = this.manager.nextDeadline;
    for (const { pushDeadline } of this.mine) if (pushDeadline < deadline) deadline = pushDeadline;
    return deadline;
  }

  /** The same for a view that was left behind. */
  get voterDeadline(): number {
    return this.manager.voterDeadline;
  }

  /**
   * My row of the member table to all that I am connected to; all of it to those that have had nothing of it. Nobody is
   * woken by a beat alone: who beats looks as often as it beats, and sees those of the others then.
   */
  private pushMemberRow(pushes: PushList): void {
    const { memberTable, memberPeers, needsRow } = this;
    const { isDirty, isLate } = memberTable;
    if (!isDirty && !isLate && !this.hasNewPeers) return;
    const { changedNotesOffset, changedNotesBytes, notesOffset, notesBytes, countersOffset, countersBytes } =
      memberTable;
    memberTable.sealCounters();
    for (let rank = 0; rank < memberPeers.length; rank++) {
      const peer = memberPeers[rank]!;
      if (peer < 0) continue;
      const isNew = needsRow[rank] === 1;
      const bytes = isNew ? notesBytes : changedNotesBytes;
      if (bytes > 0) pushes.add(peer, isNew ? notesOffset : changedNotesOffset, bytes, CAPTURED);
      pushes.add(peer, countersOffset, countersBytes, isDirty || isNew ? CAPTURED : CAPTURED | QUIET);
      needsRow[rank] = 0;
    }
    this.hasNewPeers = false;
  }

  /** Ring bytes since the last push (two spans if they wrap), then the counters. */
  private pushShard(multicast: Multicast, index: number, pushes: PushList): void {
    const { table } = multicast;
    const { ringBytes, ringOffsets } = table.layout;
    const from = this.pushedBytes[index]!;
    const length = multicast.publishedBytes - from;
    this.pushedBytes[index] = from + length;
    const start = from & (ringBytes - 1);
    const straight = Math.min(length, ringBytes - start);
    const ring = ringOffsets[table.myRow]!;
    multicast.pushed();
    const peers = this.shardPeers[index]!;
    for (let row = 0; row < peers.length; row++) {
      if (row === table.myRow) continue;
      const peer = peers[row]!;
      if (peer < 0) continue;
      if (straight > 0) pushes.add(peer, ring + start, straight, BORROWED);
      if (length > straight) pushes.add(peer, ring, length - straight, BORROWED);
      pushes.add(peer, table.countersOffset, table.countersBytes, CAPTURED);
    }
  }
}
