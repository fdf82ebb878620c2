/**
 * What a replica delivered goes with counters that others wait for. Where there are none, it is told after a millisecond; and at
 * once where a sender may need the bytes.
 */
import { expect } from 'chai';
import { DeliveryList, Multicast, multicastLayout, type ReplicaSet } from '@bowecho/core';

const OPTIONS = { ringBytes: 4096, queueBytes: 4096 };
const SET: ReplicaSet = {
  index: 0,
  subgroup: 0,
  shards: [0],
  mode: 'ordered',
  replicas: [0, 1],
  senders: [0],
};

/** A sender and a receiver; what is pushed lands at once. */
class Pair {
  private readonly memories = [0, 1].map(
    () => new ArrayBuffer(multicastLayout(SET, OPTIONS.ringBytes).bytes),
  );
  readonly members = this.memories.map((memory, rank) => new Multicast(SET, rank, memory, OPTIONS));
  private readonly list = new DeliveryList();

  /** One turn of a member. Says how many messages it delivered, and whether it pushed. */
  turn(rank: number, now: number): { delivered: number; pushed: boolean } {
    const multicast = this.members[rank]!;
    this.list.clear();
    multicast.snapshot();
    multicast.receive();
    multicast.release();
    const delivered = multicast.deliver(this.list);
    multicast.publish(now);
    const pushed = multicast.mustPush(now);
    if (pushed) this.push(rank);
    return { delivered, pushed };
  }

  /** Has both deliver a message of so many bytes. Says whether the sender, who has nothing else to tell, told at once that it did. */
  deliver(bytes: number, now: number): boolean {
    this.members[0]!.send(new Uint8Array(bytes), bytes);
    expect(this.turn(0, now)).to.deep.equal({ delivered: 0, pushed: true });
    // It acknowledges, and sees at once that all hold it: its own acknowledgement is the last.
    const { delivered, pushed } = this.turn(1, now);
    expect(pushed).to.equal(true);
    expect(delivered).to.equal(1);
    const mine = this.turn(0, now);
    expect(mine.delivered).to.equal(1);
    return mine.pushed;
  }

  private push(rank: number): void {
    const { table } = this.members[rank]!;
    this.members[rank]!.pushed();
    const mine = new Uint8Array(this.memories[rank]!);
    const theirs = new Uint8Array(this.memories[1 - rank]!);
    const ring = table.layout.ringOffsets[rank]!;
    if (ring >= 0) theirs.set(mine.subarray(ring, ring + OPTIONS.ringBytes), ring);
    const end = table.countersOffset + table.countersBytes;
    theirs.set(mine.subarray(table.countersOffset, end), table.countersOffset);
  }
}

describe('what was delivered', () => {
  it('is told a millisecond later where nothing else is told', () => {
    const pair = new Pair();
    expect(pair.deliver(8, 5_000)).to.equal(false);
    expect(pair.members[0]!.pushDeadline).to.equal(6_000);
    expect(pair.turn(0, 5_999).pushed).to.equal(false);
    expect(pair.turn(0, 6_000).pushed).to.equal(true);
    expect(pair.members[0]!.pushDeadline).to.equal(Infinity);
    expect(pair.turn(0, 9_000).pushed).to.equal(false);
  });

  it('goes with what others wait for', () => {
    const pair = new Pair();
    pair.deliver(8, 5_000);
    pair.deliver(8, 5_500);
    // The first of the two was told with the second message.
    expect(pair.members[0]!.pushDeadline).to.equal(6_500);
  });

  it('is told at once where it holds back an eighth of a ring', () => {
    expect(new Pair().deliver(OPTIONS.ringBytes / 8, 5_000)).to.equal(true);
    expect(new Pair().deliver(OPTIONS.ringBytes / 8 - 64, 5_000)).to.equal(false);
  });
});
