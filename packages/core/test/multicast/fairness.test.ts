/**
 * One turn delivers a limited number of messages. Who finds no room in it must get his turn later: nothing is forgotten
 * when all else rests, and nobody waits for ever behind somebody who never rests.
 */
import { expect } from 'chai';
import {
  DeliveryList,
  Member,
  Multicast,
  foundingView,
  multicastLayout,
  type Fabric,
  type ReplicaSet,
} from '@bowecho/core';

const LONELY: Fabric = {
  address: new Uint8Array(),
  register: bytes => ({ memory: new ArrayBuffer(bytes), key: new Uint8Array(), close: () => undefined }),
  connect: () => expect.fail('a group of one connects to nobody'),
  disconnect: () => undefined,
  push: (_, count) => count,
  poll: () => 0,
  drain: () => 0,
  arm: () => true,
  yieldProcessor: () => undefined,
  close: onClosed => onClosed(),
};

const MESSAGE = new Uint8Array([7]);
const OPTIONS = { ringBytes: 4096, queueBytes: 4096 };

for (const mode of ['ordered', 'unordered'] as const) {
  describe(`deliveries of one turn, ${mode}`, () => {
    /** A running group of one with three sets, in turns of two deliveries; `counts` is by set what was delivered. */
    function start(onDeliver: (member: Member, set: number) => void = () => undefined) {
      const shards = [{ replicas: [0], senders: [0] }];
      const view = foundingView(
        [{ id: 'n0', incarnation: 1 }],
        ['a', 'b', 'c'].map(name => ({ name, mode, shards })),
      );
      const counts = [0, 0, 0];
      const member: Member = new Member({
        view,
        myRank: 0,
        ...OPTIONS,
        suspicionMicros: Infinity,
        ports: {
          fabric: LONELY,
          control: { send: () => true },
          application: {
            deliver({ set }) {
              counts[set]!++;
              onDeliver(member, set);
            },
            onViewInstalled: () => undefined,
            onViewEntered: () => undefined,
            onEnded: () => undefined,
            onStateChanged: () => undefined,
            onMessage: () => undefined,
            onHalted: error => expect.fail(String(error)),
          },
        },
      });
      let now = 0;
      const work = (turns: number): void => {
        while (turns-- > 0 && member.doWork(now++) > 0);
      };
      member.start();
      work(10);
      member.deliveriesPerTurn = 2;
      return { member, counts, work };
    }

    it('delivers everything of every set before it rests', () => {
      const { member, counts, work } = start();
      for (let i = 0; i < 5; i++) for (const set of [0, 1, 2]) member.send(set, MESSAGE);
      work(1000);
      expect(counts).to.deep.equal([5, 5, 5]);
    });

    it('lets no set starve another one', () => {
      for (const busy of [0, 1, 2]) {
        const { member, counts, work } = start((me, set) => set === busy && me.send(set, MESSAGE));
        for (let i = 0; i < 8; i++) member.send(busy, MESSAGE);
        const others = [0, 1, 2].filter(set => set !== busy);
        for (const set of others) for (let i = 0; i < 4; i++) member.send(set, MESSAGE);
        work(100);
        expect(
          others.map(set => counts[set]),
          `beside busy set ${busy}`,
        ).to.deep.equal([4, 4]);
      }
    });

    it('lets no sender starve another one', () => {
      const set: ReplicaSet = {
        index: 0,
        subgroup: 0,
        mode,
        shards: [0],
        replicas: [0, 1, 2],
        senders: [0, 1],
      };
      const memories = set.replicas.map(() => new ArrayBuffer(multicastLayout(set, OPTIONS.ringBytes).bytes));
      const group = memories.map((memory, rank) => new Multicast(set, rank, memory, OPTIONS));
      const list = new DeliveryList();
      list.limit = 2;
      const counts = [0, 0];
      for (let i = 0; i < 4; i++) group[1]!.send(MESSAGE, 1);
      for (let turn = 0; turn < 100; turn++) {
        for (let i = 0; i < 2; i++) group[0]!.send(MESSAGE, 1);
        group.forEach((multicast, rank) => {
          list.clear();
          multicast.snapshot();
          multicast.receive();
          multicast.release();
          multicast.deliver(list);
          multicast.publish(turn);
          if (rank === 2) list.sender.subarray(0, list.count).forEach(sender => counts[sender]!++);
          pushEverything(multicast, memories);
        });
      }
      expect(counts[0]).to.be.greaterThan(100);
      expect(counts[1]).to.equal(4);
    });
  });
}

/** Copies a member's counters and ring to all the others. */
function pushEverything({ table }: Multicast, memories: readonly ArrayBuffer[]): void {
  table.sealCounters();
  const { ringBytes, ringOffsets } = table.layout;
  const ring = ringOffsets[table.myRow]!;
  const mine = new Uint8Array(memories[table.myRow]!);
  memories.forEach((memory, row) => {
    if (row === table.myRow) return;
    const theirs = new Uint8Array(memory);
    if (ring >= 0) theirs.set(mine.subarray(ring, ring + ringBytes), ring);
    const end = table.countersOffset + table.countersBytes;
    theirs.set(mine.subarray(table.countersOffset, end), table.countersOffset);
  });
}
