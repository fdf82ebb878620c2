/**
 * Bugs planted in the shipped protocol: those that its design says it must not have, and some that are easily made. Each
 * says which checkers may find it; a bug that an assertion of core finds first is found by `no-halt`.
 */
import {
  BORROWED,
  BowechoError,
  DeliveryList,
  Engine,
  Member,
  Multicast,
  PUSH_STRIDE,
  PushList,
  RingReader,
  RingWriter,
  SendQueue,
  Table,
  ViewManager,
  type Outbox,
} from '@bowecho/core';
import { FoldApplication, NO_HAZARDS, SimulatedFabric } from '@bowecho/testing';
import { replaceGetter, replaceMethod, type Mutant, type Restore } from './mutant.js';

/** Runs with a table's `minimum` answering only for my own row: as if everybody were as far as I am. */
function trustingMyselfAlone<T>(multicast: Multicast, run: () => T): T {
  const { table } = multicast;
  table.minimum = cell => table.read(table.myRow, cell);
  try {
    return run();
  } finally {
    Reflect.deleteProperty(table, 'minimum');
  }
}

/** What `Table.takeRow` works on. */
interface RowCopy {
  readonly cells: Float64Array;
  readonly snapshot: Float64Array;
  readonly accepted: Float64Array;
}

function rowCopyOf(table: Table): RowCopy {
  const { snapshot } = table;
  return { cells: table['cells'] as Float64Array, snapshot, accepted: table['accepted'] as Float64Array };
}

/** A replica that applies the third message of rank 1 so many times. */
class Unfaithful extends FoldApplication {
  private seen = 0;

  constructor(private readonly times: number) {
    super();
  }

  protected override apply(set: number, sender: number, hash: number): void {
    if (sender === 1) this.seen++;
    const times = sender === 1 && this.seen === 3 ? this.times : 1;
    for (let i = 0; i < times; i++) super.apply(set, sender, hash);
  }
}

/** Changes what a multicast refuses a message with. */
function refuseWith(change: (error: BowechoError) => Error): Restore {
  return replaceMethod<Multicast, [Uint8Array, number], number>(
    Multicast,
    'send',
    original =>
      function (payload, length) {
        try {
          return original.call(this, payload, length);
        } catch (error) {
          throw change(error as BowechoError);
        }
      },
  );
}

export const PROTOCOL_MUTANTS: readonly Mutant[] = [
  {
    name: 'no clock rule: receiving does not raise the clock',
    killers: ['total-order'],
    plant: () =>
      replaceMethod<Multicast, [], number>(
        Multicast,
        'receive',
        original =>
          function () {
            const clock = this['clock'] as number;
            const fresh = original.call(this);
            Reflect.set(this, 'clock', clock);
            return fresh;
          },
      ),
  },
  {
    // Alone it is harmless: who takes blocks whole sees what was published with an acknowledgement as soon as it sees that.
    name: 'publishes before receiving, and takes mixtures of blocks',
    killers: ['no-halt', 'total-order'],
    plant: () => {
      const restoreTakeRow = replaceMethod<Table, [number, number], void>(
        Table,
        'takeRow',
        () =>
          function (row, sum) {
            const { cells, snapshot, accepted } = rowCopyOf(this);
            const { endNumber } = this.layout.block;
            const start = row * this.layout.rowCells;
            if (cells[start] !== cells[start + endNumber]) return;
            let found = cells[start]! * 2;
            for (let cell = start + endNumber - 1; cell > start; cell--)
              found += snapshot[cell] = cells[cell]!;
            if (found === sum) accepted[row] = sum;
          },
      );
      let now = 0;
      const publish = Multicast.prototype.publish;
      const restoreTurn = replaceMethod<Engine, [number, Outbox], number>(
        Engine,
        'turn',
        original =>
          function (time, outbox) {
            now = time;
            return original.call(this, time, outbox);
          },
      );
      const restorePublish = replaceMethod<Multicast, [number], number>(Multicast, 'publish', () => () => 0);
      const restoreReceive = replaceMethod<Multicast, [], number>(
        Multicast,
        'receive',
        original =>
          function () {
            Reflect.set(this, 'unfinished', false);
            this.release();
            return publish.call(this, now) + original.call(this);
          },
      );
      // What was published is looked after in the next turn, as the shipped code does.
      const restoreDeliver = replaceMethod<Multicast, [DeliveryList], number>(
        Multicast,
        'deliver',
        original =>
          function (list) {
            const isUnfinished = this['unfinished'] as boolean;
            const count = original.call(this, list);
            Reflect.set(this, 'unfinished', isUnfinished || count > 0);
            return count;
          },
      );
      return () => {
        restoreDeliver();
        restoreTakeRow();
        restoreReceive();
        restorePublish();
        restoreTurn();
      };
    },
  },
  {
    name: 'gives a message its round when it begins to wait for room',
    killers: ['total-order'],
    plant: () => {
      const reserved = new WeakMap<Multicast, number>();
      return replaceMethod<Multicast, [number], number>(
        Multicast,
        'publish',
        original =>
          function (now) {
            const clock = this['clock'] as number;
            Reflect.set(this, 'clock', reserved.get(this) ?? clock);
            const count = original.call(this, now);
            const after = this['clock'] as number;
            Reflect.set(this, 'clock', Math.max(clock, after));
            if (this.unpublishedCount > 0) reserved.set(this, after);
            else reserved.delete(this);
            return count;
          },
      );
    },
  },
  {
    name: 'reads tails before acknowledgements, and takes any block',
    killers: ['total-order'],
    // Whole writes only: torn blocks are another mutant's story.
    hazards: { ...NO_HAZARDS, midTurn: 1, pause: 0.1 },
    plant: () =>
      replaceMethod<Table, [number, number], void>(
        Table,
        'takeRow',
        () =>
          function (row, sum) {
            const { cells, snapshot, accepted } = rowCopyOf(this);
            const start = row * this.layout.rowCells;
            for (let cell = start + 1; cell < start + this.layout.block.endNumber; cell++) {
              const value = cells[cell]!;
              if (Number.isSafeInteger(value) && value > snapshot[cell]!) snapshot[cell] = value;
            }
            accepted[row] = sum;
          },
      ),
  },
  {
    name: 'rests though a turn had no room for all deliveries',
    killers: ['settled'],
    profile: 'mixed', // it takes two sets, one of which uses up the room
    plant: () =>
      replaceMethod<Multicast, [DeliveryList], number>(
        Multicast,
        'deliver',
        original =>
          function (list) {
            const count = original.call(this, list);
            Reflect.set(this, 'unfinished', count > 0);
            return count;
          },
      ),
  },
  {
    name: 'delivers before stable',
    killers: ['uniform', 'total-order'],
    plant: () =>
      replaceMethod<Multicast, [DeliveryList], void>(
        Multicast,
        'deliverStable',
        original =>
          function (list) {
            trustingMyselfAlone(this, () => original.call(this, list));
          },
      ),
  },
  {
    name: 'frees ring bytes that not everybody has delivered',
    killers: ['fifo', 'total-order', 'no-halt'],
    plant: () =>
      replaceMethod<Multicast, [], void>(
        Multicast,
        'release',
        original =>
          function () {
            trustingMyselfAlone(this, () => original.call(this));
          },
      ),
  },
  {
    name: 'frees 64 bytes of its ring too much',
    killers: ['fifo', 'total-order', 'no-halt'],
    plant: () =>
      replaceMethod<RingWriter, [number], void>(
        RingWriter,
        'release',
        original =>
          function (position) {
            const released = this['released'] as number;
            original.call(this, Math.max(released, Math.min(position + 64, this.tail)));
          },
      ),
  },
  {
    name: 'frees what it is about to hand to its own application',
    killers: ['fifo', 'total-order'],
    plant: () =>
      replaceMethod<Multicast, [DeliveryList], number>(
        Multicast,
        'deliver',
        original =>
          function (list) {
            const count = original.call(this, list);
            this.release();
            return count;
          },
      ),
  },
  {
    name: 'accepts torn counter blocks',
    killers: ['monotone-counters', 'no-halt', 'settled', 'liveness'],
    plant: () =>
      replaceMethod<Table, [number, number], void>(
        Table,
        'takeRow',
        () =>
          function (row, sum) {
            const { cells, snapshot, accepted } = rowCopyOf(this);
            const start = row * this.layout.rowCells;
            for (let cell = start + this.layout.block.endNumber - 1; cell > start; cell--)
              snapshot[cell] = cells[cell]!;
            accepted[row] = sum;
          },
      ),
  },
  {
    name: 'pushes counters before the ring bytes that they vouch for',
    killers: ['no-halt', 'fifo', 'total-order'],
    plant: () =>
      replaceMethod<Engine, [Multicast, number, PushList], void>(
        Engine,
        'pushShard',
        original =>
          function (multicast, index, pushes) {
            const before = pushes.count;
            original.call(this, multicast, index, pushes);
            const { batch, count } = pushes;
            const backwards = new Int32Array((count - before) * PUSH_STRIDE);
            for (let i = before; i < count; i++) {
              backwards.set(
                batch.subarray(i * PUSH_STRIDE, (i + 1) * PUSH_STRIDE),
                (count - 1 - i) * PUSH_STRIDE,
              );
            }
            batch.set(backwards, before * PUSH_STRIDE);
          },
      ),
  },
  {
    name: 'borrows counters instead of capturing them',
    killers: ['no-halt', 'total-order', 'monotone-counters', 'fifo'],
    plant: () =>
      replaceMethod<PushList, [number, number, number, number], void>(
        PushList,
        'add',
        original =>
          function (peer, offset, length) {
            original.call(this, peer, offset, length, BORROWED);
          },
      ),
  },
  {
    name: 'drops what the fabric did not accept',
    killers: ['no-halt', 'settled', 'fifo', 'total-order', 'liveness'],
    plant: () =>
      replaceMethod<Member, [], boolean>(
        Member,
        'flushPushes',
        original =>
          function () {
            original.call(this);
            (this['outbox'] as Outbox).pushes.clear();
            return true;
          },
      ),
  },
  {
    name: 'acknowledges one frame more than it holds',
    killers: ['uniform', 'total-order', 'no-halt', 'fifo'],
    plant: () =>
      replaceMethod<Multicast, [], number>(
        Multicast,
        'receive',
        original =>
          function () {
            const fresh = original.call(this);
            const { table } = this;
            const senders = (this['readers'] as RingReader[]).length;
            const { received } = this['columns'] as { received: number };
            for (let sender = 0; sender < senders; sender++) {
              const held = (this['readers'] as RingReader[])[sender]!.received;
              if (sender !== this['mySender'] && held > 0) {
                const acknowledged = table.read(table.myRow, received + sender);
                table.raise(received + sender, Math.max(acknowledged, held + 1));
              }
            }
            return fresh;
          },
      ),
  },
  {
    name: 'never pushes an acknowledgement by itself',
    killers: ['settled', 'liveness'],
    plant: () =>
      replaceMethod<Engine, [Multicast, number, PushList], void>(
        Engine,
        'pushShard',
        original =>
          function (multicast, index, pushes) {
            const pushed = (this['pushedBytes'] as Float64Array)[index]!;
            if (multicast.publishedBytes > pushed) original.call(this, multicast, index, pushes);
          },
      ),
  },
  {
    name: 'tells what it delivered only along with something else',
    killers: ['settled', 'liveness'],
    plant: () =>
      replaceMethod<Multicast, [number], boolean>(
        Multicast,
        'mustPush',
        () =>
          function () {
            return this.table.isDirty;
          },
      ),
  },
  {
    name: 'a counter that falls',
    killers: ['monotone-counters'],
    plant: () =>
      replaceMethod<Table, [number, number], void>(
        Table,
        'raise',
        original =>
          function (cell, value) {
            original.call(this, cell, value);
            if (value % 5 === 4) this.snapshot[this.myRow * this.layout.rowCells + cell] = value - 2;
          },
      ),
  },
  {
    name: 'orders by rank before round',
    killers: ['total-order'],
    plant: () =>
      replaceMethod<Multicast, [ArrayLike<number>?], number>(
        Multicast,
        'firstKnown',
        () =>
          function (limit) {
            return (this['readers'] as RingReader[]).findIndex(
              (reader, sender) =>
                reader.headRound < Infinity && reader.delivered < (limit?.[sender] ?? Infinity),
            );
          },
      ),
  },
  {
    name: 'does not wait for frames that are known but not stable',
    killers: ['total-order'],
    plant: () =>
      replaceMethod<Multicast, [ArrayLike<number>?], number>(
        Multicast,
        'firstKnown',
        original =>
          function (limit) {
            if (limit !== undefined) return original.call(this, limit);
            const readers = this['readers'] as RingReader[];
            const stable = this['stable'] as Float64Array;
            const hidden = readers.map((reader, sender) => {
              const round = reader.headRound;
              if (stable[sender]! <= reader.delivered) reader.headRound = Infinity;
              return round;
            });
            const first = original.call(this);
            readers.forEach((reader, sender) => (reader.headRound = hidden[sender]!));
            return first;
          },
      ),
  },
  {
    name: 'hands out the frames of a batch backwards',
    killers: ['fifo', 'total-order'],
    plant: () =>
      replaceMethod<Multicast, [number, number, DeliveryList], void>(
        Multicast,
        'handOut',
        original =>
          function (sender, count, list) {
            const before = list.count;
            original.call(this, sender, count, list);
            list.offset.subarray(before, list.count).reverse();
            list.length.subarray(before, list.count).reverse();
          },
      ),
  },
  {
    name: 'delivers a message twice',
    killers: ['fifo', 'total-order'],
    plant: () =>
      replaceMethod<DeliveryList, [number, number, number, number, number, number], void>(
        DeliveryList,
        'add',
        original =>
          function (set, sender, offset, length, ordinal, time) {
            original.call(this, set, sender, offset, length, ordinal, time);
            if (ordinal % 16 === 9) original.call(this, set, sender, offset, length, ordinal + 1, time + 1);
          },
      ),
  },
  {
    name: 'cuts the last byte off long payloads',
    killers: ['fifo'],
    plant: () =>
      replaceMethod<DeliveryList, [number, number, number, number, number, number], void>(
        DeliveryList,
        'add',
        original =>
          function (set, sender, offset, length, ordinal, time) {
            original.call(this, set, sender, offset, length > 40 ? length - 1 : length, ordinal, time);
          },
      ),
  },
  {
    name: 'takes the time of a message from its sender as it is',
    killers: ['total-order'],
    plant: () =>
      replaceMethod<Multicast, [number, number, DeliveryList], void>(
        Multicast,
        'handOut',
        original =>
          function (sender, count, list) {
            Reflect.set(this, 'lastTime', 0);
            original.call(this, sender, count, list);
          },
      ),
  },
  {
    name: 'sleeps over a write that has landed',
    killers: ['settled', 'liveness'],
    plant: () =>
      replaceMethod<SimulatedFabric, [() => void], boolean>(
        SimulatedFabric,
        'arm',
        original =>
          function (onReady) {
            return original.call(this, onReady) || original.call(this, onReady) || true;
          },
      ),
  },
  {
    name: 'forgets the last message that waited for room',
    killers: ['settled', 'fifo'],
    plant: () =>
      replaceMethod<SendQueue, [], void>(
        SendQueue,
        'shift',
        original =>
          function () {
            original.call(this);
            if (this.count === 1) original.call(this);
          },
      ),
  },
  {
    name: 'leaves before everybody has delivered what it sent',
    killers: ['settled'],
    plant: () =>
      replaceGetter(Multicast, 'isDrained', function () {
        return this.unpublishedCount === 0;
      }),
  },
  {
    name: 'never finishes leaving',
    killers: ['settled'],
    plant: () => replaceGetter(Multicast, 'isDrained', () => false),
  },
  {
    name: 'believes what it sees after writes were lost',
    killers: ['no-halt', 'fifo', 'total-order'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<Engine, [number, string], void>(
        Engine,
        'broken',
        () =>
          function (rank, reason) {
            this.manager.suspect(rank, reason);
          },
      ),
  },
  {
    name: 'delivers after its wedge',
    killers: ['last-word', 'no-halt'],
    profile: 'faulty',
    plant: () =>
      replaceGetter(ViewManager, 'isActive', function (this: ViewManager) {
        return this.state === 'running' || this.state === 'leaving' || this.state === 'wedged';
      }),
  },
  {
    name: 'acknowledges after its wedge',
    killers: ['last-word'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<Engine, [number, Outbox], number>(
        Engine,
        'turn',
        original =>
          function (now, outbox) {
            if (this.manager.state === 'wedged') {
              for (const multicast of this.multicasts) {
                multicast?.snapshot();
                multicast?.receive();
              }
            }
            return original.call(this, now, outbox);
          },
      ),
  },
  {
    name: 'refuses a message with an error of no type',
    killers: ['typed-errors'],
    plant: () => refuseWith(({ message }) => new RangeError(message)),
  },
  {
    name: 'refuses a message and does not say whether it was sent',
    killers: ['typed-errors'],
    plant: () => refuseWith(({ code, message }) => new BowechoError(code, message)),
  },
  {
    name: 'node 2 applies a message twice',
    killers: ['equal-state'],
    createApplication: rank => (rank === 2 ? new Unfaithful(2) : new FoldApplication()),
  },
  {
    name: 'node 0 skips a message',
    killers: ['equal-state'],
    createApplication: rank => (rank === 0 ? new Unfaithful(0) : new FoldApplication()),
  },
];
