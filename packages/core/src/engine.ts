/**
 * Engine is one member of one view: a deterministic function over its tables. A turn goes, always in this order:
 *
 *  1. snapshot: the member table first, then the shard tables. A wedge that I see vouches for the shard tables that were
 *     pushed before it, so it must be read before them;
 *  2. receive: parse rings up to the snapshot's tails, raise the clock, acknowledge;
 *  3. release my ring bytes that everybody has delivered; deliver whatever is stable, in the total order;
 *  4. membership: inputs and predicates;
 *  5. publish: all that is queued becomes one batch with a round above everything acknowledged;
 *  6. push: shard tables, then the member table; in each, ring bytes before the counters that vouch for them.
 *
 * No logic here, only the order. Nothing allocates per message.
 */
import { assert } from './assert.js';
import type { Outbox } from './effects.js';
import { BORROWED, CAPTURED } from './fabric.js';
import { ViewManager } from './membership/view-manager.js';
import { Multicast, type MulticastOptions } from './multicast/multicast.js';
import type { PushList } from './push-list.js';
import { memberColumns } from './table/member-columns.js';
import { tableLayout, type TableLayout } from './table/row-layout.js';
import { Table } from './table/table.js';
import { replicaSets, type ReplicaSet, type View } from './view/view.js';

/** The memory that the member table of a view needs. */
export function memberTableLayout(view: View): TableLayout {
  return tableLayout(memberColumns(view.members.length).block, view.members.length);
}

/** Registered memory for the tables of one view. */
export interface EngineMemory {
  readonly memberTable: ArrayBuffer;
  /** By replica set; undefined where this member is no replica. */
  readonly shardTables: readonly (ArrayBuffer | undefined)[];
}

export class Engine {
  readonly view: View;
  readonly myRank: number;
  readonly sets: readonly ReplicaSet[];
  readonly manager: ViewManager;
  /** By replica set; undefined where this member is no replica. */
  readonly multicasts: readonly (Multicast | undefined)[];
  private readonly mine: readonly Multicast[];
  private readonly memberTable: Table;
  private readonly memberPeers: Int32Array;
  /** Parallel to `mine`: by row, the peer to push to; and how far my ring is pushed. */
  private readonly shardPeers: readonly Int32Array[];
  private readonly pushedBytes: Float64Array;
  /** Parallel to `mine`: whether this turn touched it. */
  private readonly active: Uint8Array;
  /** Index in `mine` that delivers first; another one after each turn that had no room for all, so that none starves. */
  private firstSet = 0;

  constructor(view: View, myRank: number, memory: EngineMemory, options: MulticastOptions) {
    this.view = view;
    this.myRank = myRank;
    this.sets = replicaSets(view);
    this.memberTable = new Table(memberTableLayout(view), memory.memberTable, myRank);
    this.memberPeers = new Int32Array(view.members.length).fill(-1);
    this.multicasts = this.sets.map(set => {
      const bytes = memory.shardTables[set.index];
      return bytes === undefined ? undefined : new Multicast(set, myRank, bytes, options);
    });
    this.mine = this.multicasts.filter(multicast => multicast !== undefined);
    this.shardPeers = this.mine.map(multicast => new Int32Array(multicast.set.replicas.length).fill(-1));
    this.pushedBytes = new Float64Array(this.mine.length);
    this.active = new Uint8Array(this.mine.length);
    this.manager = new ViewManager(view, myRank, this.memberTable);
  }

  /** Notes that writes to `rank` go through these peers: its member table, then its table per replica set. */
  connected(rank: number, memberPeer: number, shardPeer: (set: number) => number): void {
    this.memberPeers[rank] = memberPeer;
    this.mine.forEach((multicast, i) => {
      const row = multicast.set.replicas.indexOf(rank);
      if (row >= 0) this.shardPeers[i]![row] = shardPeer(multicast.set.index);
    });
    this.manager.connected(rank);
  }

  /**
   * One step. Reads memory, changes only my own rows, fills `outbox`.
   *
   * @param now microseconds since 1970, never falling
   * @returns how much was done; 0 when there was nothing to do
   */
  turn(now: number, outbox: Outbox): number {
    outbox.clear();
    let work = 0;
    const changed = this.memberTable.takeSnapshot();
    if (this.manager.mayReceive) work += this.receiveAndDeliver(outbox);
    this.manager.turn(this.mine, outbox);
    if (changed || outbox.effects.length > 0) work++;
    if (this.manager.isActive) work += this.publish(now);
    if (this.manager.isConnected) this.push(now, outbox.pushes);
    return work;
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
    let deadline = Infinity;
    for (const { pushDeadline } of this.mine) if (pushDeadline < deadline) deadline = pushDeadline;
    return deadline;
  }

  private push(now: number, pushes: PushList): void {
    for (let i = 0; i < this.mine.length; i++) {
      const multicast = this.mine[i]!;
      if (multicast.mustPush(now)) this.pushShard(multicast, i, pushes);
    }
    const { memberTable, memberPeers } = this;
    if (!memberTable.isDirty) return;
    const { changedNotesOffset, changedNotesBytes, countersOffset, countersBytes } = memberTable;
    memberTable.sealCounters();
    for (let rank = 0; rank < memberPeers.length; rank++) {
      if (rank === this.myRank) continue;
      const peer = this.connectedPeer(memberPeers, rank);
      if (changedNotesBytes > 0) pushes.add(peer, changedNotesOffset, changedNotesBytes, CAPTURED);
      pushes.add(peer, countersOffset, countersBytes, CAPTURED);
    }
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
      const peer = this.connectedPeer(peers, row);
      if (straight > 0) pushes.add(peer, ring + start, straight, BORROWED);
      if (length > straight) pushes.add(peer, ring, length - straight, BORROWED);
      pushes.add(peer, table.countersOffset, table.countersBytes, CAPTURED);
    }
  }

  private connectedPeer(peers: Int32Array, row: number): number {
    const peer = peers[row]!;
    if (peer < 0) assert(false, `no connection to row ${row}`);
    return peer;
  }
}
