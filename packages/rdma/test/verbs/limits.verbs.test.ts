/**
 * Goal: what is peculiar to verbs works at its edges: regions at addresses of their own, keys that the provider gives, completion
 * data of four bytes, the size up to which a write carries its bytes in itself, and the longest write.
 */
import { BORROWED, CAPTURED, PUSH_STRIDE, type Fabric } from '@bowecho/core';
import { expect } from 'chai';
import { LibfabricTransport } from '../../src/libfabric/libfabric-transport.js';
import { GAUGE } from '../../src/native.js';
import type { RdmaFabric } from '../../src/rdma-fabric.js';
import { keyOf } from '../libfabric/addresses.js';
import { drained, pollUntil } from '../libfabric/poll-until.js';
import { closePair, makePair, span, type Pair } from '../pair.js';
import { VERBS, VERBS_HOST } from './verbs-host.js';

const MIB = 1 << 20;

function transportOf(fabric: Fabric): LibfabricTransport {
  return (fabric as RdmaFabric).transports[0] as LibfabricTransport;
}

describe('verbs at their limits', () => {
  let pair: Pair;

  const make = (bytes: number): void => {
    pair = makePair(bytes, VERBS, { host: VERBS_HOST });
  };
  afterEach(() => closePair(pair));

  /** Pushes a span and waits until its last byte has landed. */
  async function write(from: number, to: number, length: number, flags: number): Promise<void> {
    const { a, b, peer, source, target } = pair;
    const bytes = new Uint8Array(target.memory);
    const last = new Uint8Array(source.memory)[from + length - 1]!;
    bytes[to + length - 1] = last ^ 255;
    expect(a.push(Int32Array.of(peer.index, from, to, length, flags), 1)).to.equal(1);
    await pollUntil(`${length} bytes land`, [a, b], () => bytes[to + length - 1] === last && isDone(a));
  }

  /** A write has no order inside, so its last byte says nothing of the others; its completion does. */
  const isDone = (fabric: Fabric): boolean => {
    const { gauges } = transportOf(fabric);
    return gauges[GAUGE.writesUnderWay]! + gauges[GAUGE.writesWaiting]! === 0;
  };

  it('are what this provider says of itself', () => {
    make(4096);
    const { facts } = transportOf(pair.a);
    expect(facts).to.include({ provider: 'verbs;ofi_rxm', domain: 'rxe0', canWait: true, spansPerWrite: 1 });
    expect(facts.injectBytes).to.be.within(64, 256);
    expect(facts.bytesPerWrite).to.be.within(MIB, 4 * MIB);
    // FI_MR_VIRT_ADDR: the target is named by its address there. FI_MR_PROV_KEY: the device gives the key, of 32 bits.
    const { base, key } = keyOf(pair.target.key);
    expect(base % 4096n).to.equal(0n);
    expect(base > 0n).to.equal(true);
    expect(key < 2n ** 32n).to.equal(true);
  });

  it('carry spans of every size around what a write holds in itself', async () => {
    make(1024);
    const { source, target } = pair;
    const from = new Uint8Array(source.memory);
    const to = new Uint8Array(target.memory);
    from.forEach((_, i) => (from[i] = i * 7));
    const { injectBytes } = transportOf(pair.a).facts;
    for (const length of [
      1,
      7,
      8,
      63,
      64,
      65,
      injectBytes - 1,
      injectBytes,
      injectBytes + 1,
      256,
      257,
      512,
    ]) {
      for (const flags of [CAPTURED, BORROWED]) {
        to.fill(0);
        await write(3, 5, length, flags);
        const expected = new Uint8Array(1024);
        expected.set(from.subarray(3, 3 + length), 5);
        await pollUntil('all of it is there', [pair.a, pair.b], () => Buffer.from(to).equals(expected));
      }
    }
  });

  it('carry a span of several longest writes', async () => {
    make(10 * MIB);
    const { source, target } = pair;
    const from = new Uint32Array(source.memory);
    from.forEach((_, i) => (from[i] = i));
    for (const flags of [BORROWED, CAPTURED]) {
      new Uint8Array(target.memory).fill(0);
      await write(4, 8, 9 * MIB + 12, flags);
      const sent = Buffer.from(source.memory, 4, 9 * MIB + 12);
      expect(Buffer.from(target.memory, 8, 9 * MIB + 12).equals(sent)).to.equal(true);
    }
  });

  it('count pushes in 16 bits, and take no wrap for a gap', async () => {
    make(64);
    const { a, b, peer, source, target } = pair;
    const count = new Uint32Array(source.memory, 0, 1);
    const seen = new Uint32Array(target.memory, 0, 1);
    const pushes = 2 ** 16 + 100;
    const batch = span(peer, 4);
    while (count[0]! < pushes) {
      for (let i = 0; i < 64; i++) {
        count[0]!++;
        a.push(batch, 1);
      }
      a.poll();
      b.poll();
      if (count[0]! % 1024 === 0) {
        const reached = count[0];
        await pollUntil(`push ${reached} lands`, [a, b], () => seen[0] === reached);
      }
    }
    await pollUntil('the last push lands', [a, b], () => seen[0] === count[0] && isDone(a));
    expect([drained(a), drained(b)]).to.deep.equal([[], []]);
    const last = batch.slice(0, PUSH_STRIDE);
    count[0] = 0;
    a.push(last, 1);
    await pollUntil('and one more', [a, b], () => seen[0] === 0);
  });
});
