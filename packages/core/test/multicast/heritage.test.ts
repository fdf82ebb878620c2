/**
 * Goal: what a multicast leaves to the one of the next view loses no message, repeats none and reorders none, whatever its members had
 * received, delivered and queued when the view ended. Method: groups of multicasts without an engine, whose writes land late and link by
 * link, through random histories with several view changes; and the single cases as stories.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  BowechoError,
  DeliveryList,
  Multicast,
  inherited,
  multicastLayout,
  raggedTrim,
  type DeliveryMode,
  type ReplicaSet,
} from '@bowecho/core';

/** So small that a handful of messages fill it, and the rest waits in the queue. */
const OPTIONS = { ringBytes: 512, queueBytes: 3000 };
/** Microseconds by which the clock of every other replica leads. */
const CLOCK_LEAD = 10_000;
const LARGEST = OPTIONS.ringBytes / 4 - 32;

interface Delivered {
  /** Who sent it, and its ticket there. */
  readonly from: number;
  readonly ticket: number;
  readonly vid: number;
  readonly ordinal: number;
  readonly time: number;
}

/** One replica through all its views. */
class Replica {
  memory = new ArrayBuffer(0);
  multicast!: Multicast;
  readonly delivered: Delivered[] = [];
  /** By ticket: whether that message was taken back. */
  readonly isWithdrawn: boolean[] = [];

  constructor(readonly id: number) {}

  get texts(): readonly string[] {
    return this.delivered.map(({ from, ticket }) => `${from}:${ticket}`);
  }

  /** Of one sender, the tickets in the order of their delivery here. */
  ticketsFrom(id: number): readonly number[] {
    return this.delivered.filter(({ from }) => from === id).map(({ ticket }) => ticket);
  }

  /** The tickets that are to be delivered in the end. */
  get ticketsToDeliver(): readonly number[] {
    return this.isWithdrawn.flatMap((isGone, ticket) => (isGone ? [] : [ticket]));
  }
}

/** The replicas of one set. What they push lies on its way until it is landed, in order per link. */
class Group {
  replicas: Replica[];
  /** All that were ever there. */
  readonly everybody: readonly Replica[];
  /** How many messages went out again, and how many of those came to who had handed them up. */
  leftovers = 0;
  ahead = 0;
  private vid = 0;
  private now = 0;
  private set: ReplicaSet;
  private readonly list = new DeliveryList();
  /** By source, then target. */
  private links: (() => void)[][][] = [];

  constructor(mode: DeliveryMode, size: number, senders = size) {
    const ranks = Array.from({ length: size }, (_, rank) => rank);
    this.set = {
      index: 0,
      subgroup: 0,
      mode,
      shards: [0],
      replicas: ranks,
      senders: ranks.slice(0, senders),
    };
    this.everybody = this.replicas = ranks.map(rank => new Replica(rank));
    this.install(this.replicas.map(() => undefined));
  }

  private install(heritages: readonly ConstructorParameters<typeof Multicast>[4][]): void {
    const { bytes } = multicastLayout(this.set, OPTIONS.ringBytes);
    this.replicas.forEach((replica, rank) => {
      replica.memory = new ArrayBuffer(bytes);
      replica.multicast = new Multicast(this.set, rank, replica.memory, OPTIONS, heritages[rank]);
    });
    this.links = this.replicas.map(() => this.replicas.map(() => []));
  }

  /** False: there is no room for it. */
  send(rank: number, length = 8): boolean {
    const { multicast, id, isWithdrawn } = this.replicas[rank]!;
    const payload = new Uint8Array(length).fill(id);
    payload.set([id, isWithdrawn.length >> 8, isWithdrawn.length & 255]);
    try {
      expect(multicast.send(payload, length)).to.equal(isWithdrawn.length);
    } catch (error) {
      if (error instanceof BowechoError && error.code === 'OVERLOADED') return false;
      throw error;
    }
    isWithdrawn.push(false);
    return true;
  }

  withdraw(rank: number, ticket: number): boolean {
    const { multicast, isWithdrawn } = this.replicas[rank]!;
    const isTaken = multicast.withdraw(ticket);
    if (isTaken) isWithdrawn[ticket] = true;
    return isTaken;
  }

  /** @param limit messages delivered at most */
  turn(rank: number, limit = 1000): void {
    const replica = this.replicas[rank]!;
    const { multicast } = replica;
    this.list.clear();
    this.list.limit = limit;
    this.now += 300;
    // As an engine does it: nobody looks without a reason, and some pushes can wait.
    if (multicast.snapshot() || multicast.isBusy) {
      multicast.receive();
      multicast.release();
      multicast.deliver(this.list);
      this.take(replica);
      multicast.publish(this.now + CLOCK_LEAD * (replica.id % 2)); // their clocks differ
    }
    if (multicast.mustPush(this.now)) this.push(rank);
  }

  private take(replica: Replica): void {
    const { list } = this;
    const bytes = new Uint8Array(replica.memory);
    for (let i = 0; i < list.count; i++) {
      const payload = bytes.subarray(list.offset[i], list.offset[i]! + list.length[i]!);
      const [from, high, low] = payload;
      expect(
        payload.subarray(3).every(byte => byte === from),
        'its bytes are whole',
      ).to.equal(true);
      const ticket = high! * 256 + low!;
      const { id } = this.replicas[this.set.senders[list.sender[i]!]!]!;
      expect(from, 'it is from whom it is said to be').to.equal(id);
      replica.delivered.push({
        from: id,
        ticket,
        vid: this.vid,
        ordinal: list.ordinal[i]!,
        time: list.time[i]!,
      });
    }
  }

  private push(rank: number): void {
    const { multicast, memory } = this.replicas[rank]!;
    const { table } = multicast;
    multicast.pushed();
    const ringAt = table.layout.ringOffsets[rank]!;
    const ring = ringAt < 0 ? undefined : new Uint8Array(memory.slice(ringAt, ringAt + OPTIONS.ringBytes));
    const countersAt = table.countersOffset;
    const counters = new Uint8Array(memory.slice(countersAt, countersAt + table.countersBytes));
    this.replicas.forEach((target, row) => {
      if (row === rank) return;
      const theirs = new Uint8Array(target.memory);
      this.links[rank]![row]!.push(() => {
        if (ring !== undefined) theirs.set(ring, ringAt);
        theirs.set(counters, countersAt);
      });
    });
  }

  land(from: number, to: number): void {
    this.links[from]![to]!.shift()?.();
  }

  landAll(from: number, to: number): void {
    while (this.links[from]![to]!.length > 0) this.land(from, to);
  }

  /** The view ends; those who are kept deliver up to the trim, a few messages a turn, and go on in the next one. */
  change(isKept: (rank: number) => boolean = () => true, limit = 3): void {
    const kept = this.set.replicas.filter(isKept);
    const before = this.replicas;
    const trim = raggedTrim(
      before.map(({ multicast }) => multicast.finalCounts()),
      kept,
    );
    this.list.limit = limit;
    for (const rank of kept) {
      const { multicast } = before[rank]!;
      for (let turn = 0; !multicast.isDeliveredTo(trim); turn++) {
        expect(turn, 'turns to deliver what is left').to.be.below(100);
        this.list.clear();
        multicast.deliverTo(trim, this.list);
        this.take(before[rank]!);
      }
    }
    const replicas = kept.map((_, rank) => rank);
    const old = this.set;
    this.set = { ...old, replicas, senders: replicas.slice(0, old.senders.length) };
    const senders = this.set.senders.map(rank => old.senders.indexOf(kept[rank]!));
    const heritages = kept.map(rank => inherited(before[rank]!.multicast.bequeath(trim), senders));
    for (const { leftovers, ahead } of heritages) {
      this.leftovers += leftovers.length;
      this.ahead += ahead.reduce((sum, count) => sum + count, 0);
    }
    for (const { memory } of before) new Uint8Array(memory).fill(255); // nobody may need it any more
    this.replicas = kept.map(rank => before[rank]!);
    this.vid++;
    this.install(heritages);
  }

  /** Turns and landings until all is delivered everywhere. */
  settle(): void {
    for (let round = 0; round < 400; round++) {
      this.replicas.forEach((_, rank) => {
        this.replicas.forEach((_, from) => {
          this.landAll(from, rank);
        });
        this.turn(rank);
      });
    }
    for (const { multicast } of this.replicas)
      expect([multicast.isDrained, multicast.unpublishedCount]).to.deep.equal([true, 0]);
  }
}

const rank = fc.nat(3);
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      rank,
      count: fc.integer({ min: 1, max: 5 }),
      length: fc.integer({ min: 3, max: LARGEST }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), rank, back: fc.nat(8) }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('turn' as const), rank, limit: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('land' as const), from: rank, to: rank }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change' as const), lost: fc.nat(11) }) },
);

const history = fc.record({
  size: fc.integer({ min: 1, max: 4 }),
  senders: fc.integer({ min: 1, max: 4 }),
  steps: fc.array(step, { minLength: 10, maxLength: 250 }),
});

/** Plays a random history. Where a rank is meant that is not there, or may not send, the step counts for another. */
function play(
  mode: DeliveryMode,
  { size, senders, steps }: typeof history extends fc.Arbitrary<infer H> ? H : never,
): Group {
  const group = new Group(mode, size, Math.min(senders, size));
  for (const each of steps) {
    const count = group.replicas.length;
    const maySend = (at: number): number => at % group.replicas[0]!.multicast.set.senders.length;
    if (each.kind === 'send')
      for (let i = 0; i < each.count; i++) group.send(maySend(each.rank), each.length);
    else if (each.kind === 'withdraw') {
      const from = maySend(each.rank);
      const ticket = group.replicas[from]!.isWithdrawn.length - 1 - each.back;
      if (ticket >= 0) group.withdraw(from, ticket);
    } else if (each.kind === 'turn') group.turn(each.rank % count, each.limit);
    else if (each.kind === 'land') group.land(each.from % count, each.to % count);
    else group.change(at => count === 1 || at !== each.lost);
  }
  group.settle();
  return group;
}

/** How often each thing happened in all histories: a property of what never happens shows nothing. */
class Coverage {
  private leftovers = 0;
  private ahead = 0;
  private withdrawn = 0;

  count({ leftovers, ahead, everybody }: Group): void {
    this.leftovers += leftovers;
    this.ahead += ahead;
    for (const { isWithdrawn } of everybody) this.withdrawn += isWithdrawn.filter(isGone => isGone).length;
  }

  check(mode: DeliveryMode): void {
    expect(this.leftovers, 'messages that went out again').to.be.above(200);
    expect(this.withdrawn, 'messages that were taken back').to.be.above(20);
    if (mode === 'unordered') expect(this.ahead, 'messages that were passed over').to.be.above(20);
  }
}

describe('what a multicast leaves to the next view', () => {
  it('ordered: all that go on deliver the same, and each message of theirs once and in order', () => {
    const coverage = new Coverage();
    fc.assert(
      fc.property(history, each => {
        const group = play('ordered', each);
        const [first] = group.replicas as [Replica];
        for (const replica of group.replicas) {
          expect(replica.delivered).to.deep.equal(first.delivered);
          expect(first.ticketsFrom(replica.id)).to.deep.equal(replica.ticketsToDeliver);
        }
        for (const lost of group.everybody) {
          if (group.replicas.includes(lost)) continue;
          expect(first.delivered.slice(0, lost.delivered.length), 'what was lost is a prefix').to.deep.equal(
            lost.delivered,
          );
          const heard = first.ticketsFrom(lost.id);
          expect(heard).to.deep.equal(lost.ticketsToDeliver.slice(0, heard.length));
        }
        first.delivered.slice(1).forEach(({ time, ordinal, vid }, i) => {
          const before = first.delivered[i]!;
          expect(time).to.be.above(before.time);
          expect(ordinal).to.equal(vid === before.vid ? before.ordinal + 1 : 0);
        });
        coverage.count(group);
      }),
      { numRuns: 600 },
    );
    coverage.check('ordered');
  });

  it('unordered: all that go on hand up each message of theirs once, by sender in order', () => {
    const coverage = new Coverage();
    fc.assert(
      fc.property(history, each => {
        const group = play('unordered', each);
        for (const replica of group.replicas) {
          for (const sender of group.everybody) {
            const heard = replica.ticketsFrom(sender.id);
            const sent = sender.ticketsToDeliver;
            const isHere = group.replicas.includes(sender);
            expect(heard, `of ${sender.id} at ${replica.id}`).to.deep.equal(
              isHere ? sent : sent.slice(0, heard.length),
            );
          }
        }
        coverage.count(group);
      }),
      { numRuns: 600 },
    );
    coverage.check('unordered');
  });

  for (const mode of ['ordered', 'unordered'] as const) {
    it(`${mode}: is what was published, then the open batch, then the queue`, () => {
      const group = new Group(mode, 2);
      for (let i = 0; i < 2; i++) group.send(0, LARGEST);
      group.turn(0); // published, and nothing of it lands
      group.send(0, LARGEST);
      for (let i = 0; i < 3; i++) expect(group.send(0, LARGEST)).to.equal(true);
      expect(group.replicas[0]!.multicast.unpublishedCount).to.equal(4);
      group.change();
      const { multicast } = group.replicas[0]!;
      expect(multicast.unpublishedCount, 'all of them').to.equal(6);
      expect(group.send(0)).to.equal(true);
      group.settle();
      for (const { texts } of group.replicas)
        expect(texts).to.deep.equal(['0:0', '0:1', '0:2', '0:3', '0:4', '0:5', '0:6']);
    });

    it(`${mode}: can be taken back where it waited in the queue, and only there, over two view changes`, () => {
      const group = new Group(mode, 2);
      group.send(0, LARGEST);
      group.turn(0);
      for (let i = 0; i < 6; i++) group.send(0, LARGEST);
      const inQueue = 4; // the ring holds four of them
      for (let i = 0; i < 2; i++) {
        group.change();
        for (let ticket = 0; ticket < inQueue - 1; ticket++)
          expect(group.withdraw(0, ticket), `ticket ${ticket}`).to.equal(false);
        expect(group.withdraw(0, 5 + i)).to.equal(true);
        expect(group.withdraw(0, 5 + i), 'a second time').to.equal(false);
      }
      group.settle();
      for (const { texts } of group.replicas)
        expect(texts).to.deep.equal(['0:0', '0:1', '0:2', '0:3', '0:4']);
    });
  }

  it('ordered: is the same sequence, whatever each had delivered before', () => {
    const group = new Group('ordered', 3);
    for (const sender of [0, 1, 2]) for (let i = 0; i < 3; i++) group.send(sender);
    for (const each of [0, 1, 2]) group.turn(each);
    for (const from of [0, 1, 2]) for (const to of [0, 1, 2]) group.land(from, to);
    for (const each of [0, 1, 2]) group.turn(each); // all hold all, and nobody knows of more than two
    for (const from of [1, 2]) group.land(from, 0);
    group.turn(0, 4); // one delivers some of it
    expect(group.replicas.map(({ texts }) => texts.length)).to.deep.equal([4, 0, 0]);
    group.change(each => each !== 2, 2);
    const all = [0, 1, 2].flatMap(sender => [0, 1, 2].map(ticket => `${sender}:${ticket}`));
    for (const { texts } of group.replicas) expect(texts).to.deep.equal(all);
  });

  it('unordered: is passed over where it was handed up, also if the next view ends before it comes', () => {
    const group = new Group('unordered', 3, 1);
    for (let i = 0; i < 3; i++) {
      group.send(0);
      group.turn(0);
      group.landAll(0, 1);
      if (i === 0) group.landAll(0, 2);
      for (const each of [0, 1, 2]) group.turn(each);
    }
    expect(group.replicas.map(({ texts }) => texts.length)).to.deep.equal([3, 3, 1]);
    group.change();
    group.change();
    group.send(0);
    group.turn(0);
    group.landAll(0, 1);
    group.turn(1);
    group.change(); // all of it comes again, to two who have had it
    group.settle();
    for (const { texts } of group.replicas) expect(texts).to.deep.equal(['0:0', '0:1', '0:2', '0:3']);
  });

  it('unordered: is done with where nothing of it is handed up again, and nobody else is there', () => {
    const group = new Group('unordered', 2);
    group.send(0);
    for (let turn = 0; turn < 3; turn++) group.turn(0);
    group.land(0, 1); // but n1 takes no turn, and goes on nevertheless
    group.change();
    group.change(each => each === 0);
    group.settle(); // it finds everybody drained
    expect(group.replicas.map(({ texts }) => texts)).to.deep.equal([['0:0']]);
  });

  it('unordered: a sender that takes the place of a lost one is heard from its first message', () => {
    const group = new Group('unordered', 3, 1);
    for (let i = 0; i < 2; i++) group.send(0);
    group.turn(0);
    group.landAll(0, 1); // one of the two others has them
    group.turn(1);
    group.change(each => each !== 0);
    for (let i = 0; i < 2; i++) group.send(0); // n1 now
    group.settle();
    expect(group.replicas.map(({ texts }) => texts)).to.deep.equal([
      ['0:0', '0:1', '1:0', '1:1'],
      ['1:0', '1:1'],
    ]);
  });
});
