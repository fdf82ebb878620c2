/**
 * Multicast is the atomic multicast of one replica set in one view: every replica delivers the same messages in the same
 * order, and none that another could miss. It knows no failures: where its view ends, it is told up to where to deliver
 * (`deliverTo`), and leaves the rest to the multicast of the next view (heritage.ts).
 *
 * A turn calls, in this order: `snapshot`, `receive`, `release`, `deliver`, `publish`. Rounds are given in `publish` and nowhere
 * else, after `receive` raised the clock: that makes an acknowledgement a promise (see rounds.ts), and with it all-member
 * stability is enough for a total order. Nobody waits for an idle sender, there are no null messages and no timers.
 *
 * Batching is not a mode: a turn publishes all that is queued as one batch, takes all that arrived, delivers all that is
 * stable, and pushes its counters once. A busy shard has large batches because its turns find more. That I delivered is
 * nobody's wait but for room in a ring, so it goes with the next push, and has one of its own only when none comes soon.
 */
import { assert, fail } from '../assert.js';
import { BowechoError } from '../errors.js';
import { shardColumns, type ShardColumns } from '../table/shard-columns.js';
import { tableLayout, type TableLayout } from '../table/row-layout.js';
import { Table } from '../table/table.js';
import type { ReplicaSet } from '../view/view.js';
import type { DeliveryList } from './delivery-list.js';
import { maxPayloadBytes } from './frame.js';
import type { Heritage, SharedHeritage } from './heritage.js';
import { Releases } from './releases.js';
import { RingReader } from './ring-reader.js';
import { RingWriter } from './ring-writer.js';
import { nextRound, observeRound, precedes } from './rounds.js';
import { SendQueue } from './send-queue.js';

/** Of messages that others have seen: nobody can take them back. */
const NO_TICKET = -1;
/** What I delivered waits so long, in microseconds, for a push that it can go with. */
const LATEST_PUSH_MICROS = 1_000;
/** So much of a ring's bytes do not wait for that. */
const LATE_SHARE = 1 / 8;

export interface MulticastOptions {
  /** Size of each sender's ring: a power of two. */
  readonly ringBytes: number;
  /** Bytes of messages that may wait for room in the ring; each counts its payload and 64 bytes. */
  readonly queueBytes: number;
}

/** The memory that a replica set's table needs. */
export function multicastLayout(set: ReplicaSet, ringBytes: number): TableLayout {
  const senderRows = set.senders.map(rank => set.replicas.indexOf(rank));
  return tableLayout(shardColumns(set.senders.length).block, set.replicas.length, senderRows, ringBytes);
}

export class Multicast {
  readonly set: ReplicaSet;
  readonly table: Table;
  readonly maxPayloadBytes: number;
  private readonly columns: ShardColumns;
  private readonly ordered: boolean;
  /** By sender index. */
  private readonly readers: readonly RingReader[];
  private readonly senderRows: readonly number[];
  /** Frames of each sender that everybody holds. */
  private readonly stable: Float64Array;
  /** My index among the senders, or -1. */
  private readonly mySender: number;
  private readonly writer: RingWriter | undefined;
  private readonly queue: SendQueue;
  private readonly releases = new Releases();
  /** Unordered: reads my own ring once more, up to what everybody has received. */
  private readonly trail: RingReader | undefined;
  /** Unordered, by sender: messages still to come that I have handed up in the view before. */
  private readonly ahead: Float64Array;
  /** Lamport clock: the highest round seen or given. */
  private clock = 0;
  /** Ordinals handed out; the time of the last one. */
  private ordinal = 0;
  private lastTime = 0;
  private tickets = 0;
  /** Unordered: the sender whose messages are handed up first; another one after each turn that had no room for all. */
  private firstSender = 0;
  /** By sender, up to where the others know that I delivered. */
  private readonly toldPositions: Float64Array;
  /** When what I delivered must be pushed at the latest, microseconds; Infinity where they know it. */
  pushDeadline = Infinity;
  /** Whether the last turn left work that no change in memory will announce. */
  private unfinished = false;

  /**
   * @param memory registered, zeroed, of `multicastLayout(set).bytes`
   * @param heritage of the multicast of this set in the view before, its senders counted as in this view; at a replica that is
   *   new, what it shares with the others
   */
  constructor(
    set: ReplicaSet,
    myRank: number,
    memory: ArrayBuffer,
    options: MulticastOptions,
    heritage?: Heritage | SharedHeritage,
  ) {
    const layout = multicastLayout(set, options.ringBytes);
    const myRow = set.replicas.indexOf(myRank);
    assert(myRow >= 0, `rank ${myRank} is no replica of set ${set.index}`);
    this.set = set;
    this.table = new Table(layout, memory, myRow);
    this.maxPayloadBytes = maxPayloadBytes(options.ringBytes);
    this.columns = shardColumns(set.senders.length);
    this.ordered = set.mode === 'ordered';
    this.senderRows = set.senders.map(rank => set.replicas.indexOf(rank));
    this.readers = this.senderRows.map(row => new RingReader(this.table.ringOf(row)));
    this.stable = new Float64Array(set.senders.length);
    this.toldPositions = new Float64Array(set.senders.length);
    this.mySender = set.senders.indexOf(myRank);
    this.writer = this.mySender < 0 ? undefined : new RingWriter(this.table.ringOf(myRow));
    this.queue = new SendQueue(options.queueBytes);
    this.trail =
      this.writer === undefined || this.ordered ? undefined : new RingReader(this.table.ringOf(myRow));
    this.ahead = Float64Array.from(heritage?.ahead ?? set.senders.map(() => 0));
    assert(this.ahead.length === set.senders.length, `${this.ahead.length} senders of ${set.senders.length}`);
    if (heritage === undefined) return;
    this.lastTime = heritage.lastTime;
    if (!('leftovers' in heritage)) return;
    const { leftovers, tickets } = heritage;
    assert(this.isSender || leftovers.length === 0, `${leftovers.length} messages of no sender`);
    this.queue.restore(leftovers);
    this.tickets = tickets;
  }

  /** Whether I may send here. */
  get isSender(): boolean {
    return this.writer !== undefined;
  }

  /** Messages that wait for the next publish step. */
  get unpublishedCount(): number {
    return (this.writer?.openCount ?? 0) + this.queue.count;
  }

  /** Whether a turn has something to do here although nothing changed in memory. */
  get isBusy(): boolean {
    return this.unfinished || this.unpublishedCount > 0;
  }

  /** Whether all that I have received is delivered. */
  get isDelivered(): boolean {
    for (const { delivered, received } of this.readers) if (delivered !== received) return false;
    return true;
  }

  /** By sender, how many frames I have received; undefined where all of them are delivered, so nothing need be awaited. */
  receivedMark(): Float64Array | undefined {
    if (this.isDelivered) return undefined;
    return Float64Array.from(this.readers, reader => reader.received);
  }

  /** Whether all frames below `mark` are delivered here. */
  hasDelivered(mark: Float64Array): boolean {
    return this.readers.every((reader, sender) => reader.delivered >= mark[sender]!);
  }

  /** Whether all that I ever sent was delivered by every replica. */
  get isDrained(): boolean {
    return (
      this.unpublishedCount === 0 &&
      (this.writer === undefined || (this.trail ?? this.releases).position === this.writer.tail)
    );
  }

  /**
   * Queues a message; the next turn gives it its round and publishes it.
   *
   * @param payload its first `length` bytes are copied
   * @returns its ticket: how many messages I sent before it. My messages are delivered in the order of their tickets
   * @throws BowechoError `TOO_LARGE`, `OVERLOADED`, `NOT_A_REPLICA`; nothing was sent then
   */
  send(payload: Uint8Array, length: number): number {
    const { writer } = this;
    if (writer === undefined) {
      throw new BowechoError('NOT_A_REPLICA', `this member is no sender of replica set ${this.set.index}`, {
        didExecute: 'no',
      });
    }
    if (length > this.maxPayloadBytes) {
      throw new BowechoError(
        'TOO_LARGE',
        `a message of ${length} bytes; at most ${this.maxPayloadBytes} fit`,
        {
          didExecute: 'no',
        },
      );
    }
    const ticket = this.tickets;
    if (
      !(this.queue.isEmpty && writer.append(payload, length)) &&
      !this.queue.offer(ticket, payload, length)
    ) {
      throw new BowechoError(
        'OVERLOADED',
        `the ring is full and ${this.queue.byteCount} bytes in ${this.queue.count} messages wait already`,
        { didExecute: 'no' },
      );
    }
    this.tickets = ticket + 1;
    return ticket;
  }

  /** Takes back a message that still waits for room in the ring. False: it is on its way. */
  withdraw(ticket: number): boolean {
    assert(ticket >= 0, `ticket ${ticket}`);
    return this.queue.withdraw(ticket);
  }

  /** Copies the others' counters. Says whether anything changed. */
  snapshot(): boolean {
    return this.table.takeSnapshot();
  }

  /** Counts the frames below the snapshot's tails, raises the clock, acknowledges. Returns how many are new. */
  receive(): number {
    const { readers, table, columns } = this;
    let fresh = 0;
    for (let sender = 0; sender < readers.length; sender++) {
      if (sender === this.mySender) continue;
      const reader = readers[sender]!;
      const before = reader.received;
      const round = reader.receive(table.read(this.senderRows[sender]!, columns.tail));
      if (reader.received === before) continue;
      fresh += reader.received - before;
      this.clock = observeRound(this.clock, round);
      if (this.ordered) table.raise(columns.received + sender, reader.received);
    }
    return fresh;
  }

  /**
   * Lets me overwrite what everybody has delivered; for my own part, what I delivered in earlier turns. What this turn
   * delivers is handed to the application only after it, so a publish must not overwrite that.
   */
  release(): void {
    const { writer, columns, table, trail } = this;
    if (writer === undefined) return;
    if (trail !== undefined) {
      skipTo(trail, table.minimum(columns.received + this.mySender));
      writer.release(trail.position);
      return;
    }
    this.releases.delivered(this.ordinal, this.readers[this.mySender]!.position);
    writer.release(this.releases.upTo(table.minimum(columns.delivered)));
  }

  /** Decides what is delivered in this turn and adds it to `list`. Returns how many. */
  deliver(list: DeliveryList): number {
    const before = list.count;
    const passed = this.ordered ? this.deliverStable(list) : this.deliverArrived(list);
    const count = list.count - before;
    // There may be more, also where other sets left no room; and what was delivered is released in the turn after.
    this.unfinished = passed > 0 || list.room <= 0;
    return count;
  }

  /** Ordered: the smallest known (round, rank), as long as everybody holds it. Returns how many frames that are. */
  private deliverStable(list: DeliveryList): number {
    const before = this.ordinal;
    const { readers, stable, columns, table } = this;
    for (let sender = 0; sender < readers.length; sender++)
      stable[sender] = table.minimum(columns.received + sender);
    for (;;) {
      const sender = this.firstKnown();
      if (sender < 0) break;
      const reader = readers[sender]!;
      const count = Math.min(reader.left, stable[sender]! - reader.delivered, list.room);
      if (count <= 0) break;
      this.handOut(sender, count, list);
    }
    table.raiseLate(columns.delivered, this.ordinal);
    return this.ordinal - before;
  }

  /** The sender of the known undelivered frame, below `limit` of each sender, that is first in the total order; or -1. */
  private firstKnown(limit?: ArrayLike<number>): number {
    const { readers } = this;
    let first = -1;
    let round = Infinity;
    for (let sender = 0; sender < readers.length; sender++) {
      if (limit !== undefined && readers[sender]!.delivered >= limit[sender]!) continue;
      const head = readers[sender]!.headRound;
      if (precedes(head, sender, round, first)) {
        first = sender;
        round = head;
      }
    }
    return first;
  }

  /** Hands out `count` frames of one batch. */
  private handOut(sender: number, count: number, list: DeliveryList): void {
    const reader = this.readers[sender]!;
    const batchTime = reader.headTime;
    let time = this.lastTime;
    for (let i = 0; i < count; i++) {
      const offset = reader.nextFrame();
      time = batchTime > time ? batchTime : time + 1;
      list.add(this.set.index, sender, offset, reader.frameLength, this.ordinal, time);
      this.ordinal++;
    }
    this.lastTime = time;
  }

  /**
   * Unordered: all that has arrived, sender by sender; acknowledged only now, because that frees the bytes. Returns how
   * many frames that are, those included that were handed up in the view before.
   */
  private deliverArrived(list: DeliveryList): number {
    let passed = 0;
    const { readers, columns, table } = this;
    for (let i = 0; i < readers.length; i++) {
      const sender = (this.firstSender + i) % readers.length;
      const reader = readers[sender]!;
      while (reader.received > reader.delivered && list.room > 0) {
        const time = reader.headTime;
        const ordinal = reader.delivered;
        passed++;
        if (this.ahead[sender]! > 0) {
          this.ahead[sender]!--;
          reader.nextFrame();
          continue;
        }
        list.add(this.set.index, sender, reader.nextFrame(), reader.frameLength, ordinal, time);
        this.ordinal++;
      }
      table.raise(columns.received + sender, reader.delivered);
    }
    if (list.room <= 0) this.firstSender = (this.firstSender + 1) % readers.length;
    return passed;
  }

  /** Refills the ring from the queue and publishes the open batch. Returns how many messages that were. */
  publish(now: number): number {
    const { writer, columns, table } = this;
    if (writer === undefined) return 0;
    while (!this.queue.isEmpty) {
      const payload = this.queue.peek();
      if (!writer.append(payload, payload.length)) break;
      this.queue.shift();
    }
    const count = writer.openCount;
    if (count === 0) return 0;
    this.clock = nextRound(this.clock);
    writer.publish(this.clock, now);
    table.raise(columns.tail, writer.tail);
    const reader = this.readers[this.mySender]!;
    reader.receive(writer.tail);
    this.trail?.receive(writer.tail);
    if (this.ordered) table.raise(columns.received + this.mySender, reader.received);
    this.unfinished = true; // alone in the set, or the last to acknowledge: my own frames may be stable already
    return count;
  }

  /**
   * Whether this turn must push my counters. Where not, `pushDeadline` says when to ask again.
   *
   * @param now microseconds since 1970, never falling
   */
  mustPush(now: number): boolean {
    const { table } = this;
    if (table.isDirty) return true;
    if (!table.isLate) return false;
    if (this.pushDeadline === Infinity) this.pushDeadline = now + LATEST_PUSH_MICROS;
    return now >= this.pushDeadline || this.holdsMuchBack();
  }

  /** A sender may need those bytes. */
  private holdsMuchBack(): boolean {
    const { readers, toldPositions } = this;
    const most = this.table.layout.ringBytes * LATE_SHARE;
    for (let i = 0; i < readers.length; i++)
      if (readers[i]!.position - toldPositions[i]! >= most) return true;
    return false;
  }

  /** Notes that my counters are being pushed as they are. */
  pushed(): void {
    const { readers, toldPositions } = this;
    this.table.sealCounters();
    this.pushDeadline = Infinity;
    for (let i = 0; i < readers.length; i++) toldPositions[i] = readers[i]!.position;
  }

  /** By sender: frames that I have acknowledged. My last word, once I acknowledge nothing more. */
  finalCounts(): Float64Array {
    const first = this.columns.received;
    return Float64Array.from(this.readers, (_, sender) => this.table.read(this.table.myRow, first + sender));
  }

  /**
   * The view ends: decides what of it is delivered in this turn, as `deliver` does, but up to `trim` and stable or not.
   *
   * @param trim by sender: how many frames everybody delivers; I hold that many
   */
  deliverTo(trim: ArrayLike<number>, list: DeliveryList): void {
    if (!this.ordered) return; // what it holds is handed up, as far as anybody counts on that
    for (;;) {
      const sender = this.firstKnown(trim);
      if (sender < 0) return;
      const reader = this.readers[sender]!;
      const count = Math.min(reader.left, trim[sender]! - reader.delivered, list.room);
      if (count <= 0) return;
      this.handOut(sender, count, list);
    }
  }

  /** Whether all up to `trim` is delivered here. */
  isDeliveredTo(trim: ArrayLike<number>): boolean {
    return this.readers.every((reader, sender) => {
      if (this.ordered && reader.delivered > trim[sender]!)
        fail(`${reader.delivered} frames of sender ${sender} are delivered, and the trim is ${trim[sender]}`);
      return reader.delivered >= trim[sender]!;
    });
  }

  /** Of my own messages, how many up to `trim` were not delivered here; undefined where I am no sender. */
  undeliveredOfMine(trim: ArrayLike<number>): number | undefined {
    const reader = this.readers[this.mySender];
    return reader && Math.max(0, trim[this.mySender]! - reader.delivered);
  }

  /**
   * What is left when all up to `trim` is delivered. This multicast is not used any more.
   *
   * @param trim by sender
   */
  bequeath(trim: ArrayLike<number>): Heritage {
    const leftovers = [
      ...this.ownBeyond(trim).map(payload => ({ ticket: NO_TICKET, payload })),
      ...this.queue.takeAll(),
    ];
    const ahead = Float64Array.from(this.readers, ({ delivered }, sender) =>
      this.ordered ? 0 : delivered + this.ahead[sender]! - trim[sender]!,
    );
    return { leftovers, tickets: this.tickets, lastTime: this.lastTime, ahead };
  }

  /** What a replica that is new begins with in this view. To be asked before anything is delivered in it. */
  get shared(): SharedHeritage {
    assert(this.ordinal === 0 && this.readers.every(({ received }) => received === 0), 'the view has begun');
    return { lastTime: this.lastTime, ahead: this.ahead.slice() };
  }

  /** Copies of my frames beyond the trim, published or not. */
  private ownBeyond(trim: ArrayLike<number>): Uint8Array[] {
    const { writer, mySender } = this;
    if (writer === undefined) return [];
    const reader = this.trail ?? this.readers[mySender]!;
    if (writer.openCount > 0) {
      writer.publish(nextRound(this.clock), this.lastTime); // for this reader alone: nobody is told
      reader.receive(writer.tail);
    }
    skipTo(reader, trim[mySender]!);
    const { memory } = this.table.ringOf(this.table.myRow);
    const payloads: Uint8Array[] = [];
    while (reader.received > reader.delivered) {
      const offset = reader.nextFrame();
      payloads.push(new Uint8Array(memory, offset, reader.frameLength).slice());
    }
    return payloads;
  }

  /** Nothing that this replica writes is believed any more. */
  freeze(rank: number): void {
    const row = this.set.replicas.indexOf(rank);
    if (row >= 0) this.table.freeze(row);
  }

  /** Position up to which my ring is published; 0 where I have none. */
  get publishedBytes(): number {
    return this.writer?.tail ?? 0;
  }

  /** What a person wants to see of this replica set. */
  describe(): string {
    const senders = this.readers.map((reader, sender) => {
      const stable = this.table.minimum(this.columns.received + sender);
      return `${this.set.senders[sender]}:${reader.delivered}/${stable}/${reader.received}`;
    });
    return `set ${this.set.index} ordinal ${this.ordinal} queued ${this.unpublishedCount} [${senders.join(' ')}]`;
  }
}

/** Passes over frames until so many are read. */
function skipTo(reader: RingReader, count: number): void {
  while (reader.delivered < count) reader.nextFrame();
}
