/**
 * Goal: peers that stand still (stopped, blocked, cut off) keep nobody else waiting, however many they are, and cost bounded memory:
 * beyond the bound that peer alone has failed. Once nobody writes to them, nothing is left that waits for them.
 *
 * A fabric that nobody polls is one whose process was stopped, as seen from here: the kernel takes bytes for it until its
 * buffers are full.
 */
import {
  BORROWED,
  CAPTURED,
  EVENT_PEER_FAILED,
  PUSH_STRIDE,
  type Fabric,
  type Peer,
  type Region,
} from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import type { LibfabricTransport } from '../../src/libfabric/libfabric-transport.js';
import { GAUGE } from '../../src/native.js';
import type { RdmaFabric } from '../../src/rdma-fabric.js';
import { span } from '../pair.js';
import { TCP, describeLibfabric } from './describe-libfabric.js';
import { drained, pollUntil } from './poll-until.js';

const REGION_BYTES = 1 << 20;
/** The ring bytes and the counters of one push. */
const RING_BYTES = 10_000;
const COUNTER_BYTES = 400;
/** More writes in all than an endpoint has under way. */
const PUSHES = 3000;
/** No fabric lets more wait for one peer. */
const TOO_MANY = 200_000;

const gauges = (fabric: Fabric): Float64Array =>
  ((fabric as RdmaFabric).transports[0] as LibfabricTransport).gauges;

describeLibfabric('peers reached by TCP that stand still', () => {
  let fabrics: Fabric[];
  let mine: Fabric;
  let source: Region;
  let cells: Float64Array;

  beforeEach(() => {
    mine = createFabric(TCP);
    fabrics = [mine];
    source = mine.register(REGION_BYTES);
    cells = new Float64Array(source.memory);
  });
  afterEach(() => Promise.all(fabrics.map(fabric => new Promise<void>(resolve => fabric.close(resolve)))));

  interface Other {
    readonly fabric: Fabric;
    readonly target: Region;
    readonly peer: Peer;
    readonly seen: Float64Array;
  }

  /** Others that have been written to once. */
  async function meet(count: number): Promise<Other[]> {
    const others = Array.from({ length: count }, (): Other => {
      const fabric = createFabric(TCP);
      const target = fabric.register(REGION_BYTES);
      const peer = mine.connect(fabric.address, target.key, source);
      return { fabric, target, peer, seen: new Float64Array(target.memory) };
    });
    fabrics.push(...others.map(({ fabric }) => fabric));
    cells[0] = 1;
    for (const { peer } of others) mine.push(span(peer, 8), 1);
    await pollUntil('all are connected', fabrics, () => others.every(({ seen }) => seen[0] === 1));
    return others;
  }

  /** As the protocol writes: ring bytes, then counters, to each. */
  const batchTo = (others: readonly Other[]): Int32Array =>
    Int32Array.from(
      others.flatMap(({ peer }) => [
        ...[peer.index, COUNTER_BYTES, COUNTER_BYTES, RING_BYTES, BORROWED],
        ...[peer.index, 0, 0, COUNTER_BYTES, CAPTURED],
      ]),
    );

  const push = (batch: Int32Array): void => {
    expect(mine.push(batch, batch.length / PUSH_STRIDE)).to.equal(batch.length / PUSH_STRIDE);
  };

  for (const still of [1, 2, 5]) {
    it(`keep nobody else waiting, where ${still} of ${still + 1} do`, async () => {
      const others = await meet(still + 1);
      const lively = others[0]!;
      const batch = batchTo(others);
      for (let i = 2; i <= PUSHES; i++) {
        cells[0] = i;
        push(batch);
        if (i % 100 > 0) continue;
        await pollUntil(`push ${i} lands`, [mine, lively.fabric], () => lively.seen[0] === i);
      }
      expect(gauges(mine)[GAUGE.writesWaiting]).to.be.greaterThan(still * 1000);
      expect(drained(mine)).to.deep.equal([]);
      await pollUntil('the others wake up and have it all', fabrics, () =>
        others.every(({ seen }) => seen[0] === PUSHES),
      );
    });
  }

  it('fail alone when too much waits for them, and their bytes are given back', async () => {
    const [lively, still] = (await meet(2)) as [Other, Other];
    const second = mine.connect(still.fabric.address, still.target.key, source);
    const small = span(still.peer, COUNTER_BYTES);
    const events: [number, number][] = [];
    for (let i = 0; i < TOO_MANY && events.length === 0; i++) {
      push(small);
      if (i % 1000 === 0) mine.poll();
      events.push(...drained(mine));
    }
    expect(events).to.deep.equal([
      [EVENT_PEER_FAILED, still.peer.index],
      [EVENT_PEER_FAILED, second.index],
    ]);
    expect(gauges(mine)[GAUGE.writesWaiting]).to.equal(0);
    cells[0] = 2;
    push(span(still.peer, 8)); // goes nowhere
    push(span(lively.peer, 8));
    await pollUntil('the other is reached', [mine, lively.fabric], () => lively.seen[0] === 2);
    expect(drained(mine)).to.deep.equal([]);
  });

  it('do not let a node sleep over a push that found out that they failed', async () => {
    const [still] = (await meet(1)) as [Other];
    const small = span(still.peer, COUNTER_BYTES);
    for (let i = 0; i < TOO_MANY && gauges(mine)[GAUGE.failuresPending] === 0; i++) push(small);
    expect(mine.arm(() => {})).to.equal(false);
    mine.poll();
    expect(drained(mine)).to.deep.equal([[EVENT_PEER_FAILED, still.peer.index]]);
  });

  it('have nothing waiting for them once the last way there is disconnected, and can be reached anew', async () => {
    const [still] = (await meet(1)) as [Other];
    const old = [still.peer, mine.connect(still.fabric.address, still.target.key, source)];
    const batch = batchTo([still]);
    for (let i = 2; i <= PUSHES; i++) {
      cells[0] = i;
      push(batch);
      if (i % 100 === 0) mine.poll();
    }
    mine.disconnect(old[0]!);
    expect(gauges(mine)[GAUGE.writesWaiting], 'there is another way').to.be.greaterThan(0);
    mine.disconnect(old[1]!);
    expect(gauges(mine)[GAUGE.writesWaiting]).to.equal(0);
    source.close();
    const next = mine.register(64);
    const target = still.fabric.register(64);
    const peer = mine.connect(still.fabric.address, target.key, next);
    new Float64Array(next.memory)[0] = 7;
    push(span(peer, 8));
    const seen = new Float64Array(target.memory);
    await pollUntil('it wakes up and is written to', fabrics, () => seen[0] === 7);
    expect(still.seen[0], 'what had waited was dropped').to.be.within(1, PUSHES - 1);
    expect(drained(mine)).to.deep.equal([]);
  });
});
