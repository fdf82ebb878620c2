/**
 * Goal: what is closed is closed for JavaScript at once, and libfabric still has what it needs: bytes that are on their way, and
 * places for late writes of others, who are not harmed by it. And it comes to an end: nothing grows with the number of regions.
 */
import { BORROWED, type Fabric, type Peer, type Region } from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { holdings } from '../holdings.js';
import { nextTurn } from '../next-turn.js';
import { span } from '../pair.js';
import { TCP, describeLibfabric } from './describe-libfabric.js';
import { drained, pollUntil } from './poll-until.js';

const BYTES = 1 << 20;
/** More than an endpoint keeps registered after they were closed. */
const MANY = 40;

const borrowed = (peer: Peer, length: number): Int32Array =>
  Int32Array.from([peer.index, 0, 0, length, BORROWED]);

const view = (region: Region): Uint8Array => new Uint8Array(region.memory);

/** Of the whole process; neighbours with equal rights count as one, as the kernel joins them. */
const mappings = (): number => readFileSync('/proc/self/maps', 'utf8').split('\n').length;

/** In kibibytes. */
function resident(): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]);
}

describeLibfabric('regions that libfabric writes and reads', () => {
  let a: Fabric;
  let b: Fabric;

  beforeEach(() => {
    a = createFabric(TCP);
    b = createFabric(TCP);
  });
  afterEach(() => [a, b].forEach(fabric => fabric.close(() => {})));

  it('deliver what was borrowed, although they were closed before it was on its way', async () => {
    const source = a.register(BYTES);
    const targets = Array.from({ length: 20 }, () => b.register(BYTES));
    const peers = targets.map(target => a.connect(b.address, target.key, source));
    view(source).forEach((_, i, bytes) => (bytes[i] = (i * 7) & 255));
    const sent = view(source).slice();
    for (const peer of peers) a.push(borrowed(peer, BYTES), 1);
    source.close();
    expect(
      view(source).every(byte => byte === 0),
      'JavaScript sees zeros at once',
    ).to.equal(true);
    view(source).fill(99); // goes nowhere
    const last = view(targets.at(-1)!);
    await pollUntil('the last one lands', [a, b], () => last[BYTES - 1] === sent[BYTES - 1]);
    for (const target of targets) expect(Buffer.compare(view(target), sent)).to.equal(0);
  });

  it('take late writes in silence when they are closed, and the writer goes on with others', async () => {
    const source = a.register(BYTES);
    const open = b.register(BYTES);
    const toOpen = a.connect(b.address, open.key, source);
    const cells = new Float64Array(source.memory);
    const seen = new Float64Array(open.memory);
    for (let round = 1; round <= 10; round++) {
      const closed = b.register(BYTES);
      const late = a.connect(b.address, closed.key, source);
      cells[0] = round;
      a.push(borrowed(late, BYTES), 1);
      if (round % 2 === 0) await nextTurn();
      b.poll(); // perhaps in the middle of it
      closed.close();
      a.push(span(late, 4096), 1);
      a.push(span(toOpen, 8), 1);
      await pollUntil('what was written later lands', [a, b], () => seen[0] === round);
      expect(view(closed).every(byte => byte === 0)).to.equal(true);
    }
    expect([...drained(a), ...drained(b)]).to.deep.equal([]);
  });

  it('keep a writer apart from all that were closed, also long ago: its connection ends before it writes anywhere', async () => {
    const source = a.register(BYTES);
    const first = b.register(BYTES);
    const old = a.connect(b.address, first.key, source);
    view(source).fill(5);
    a.push(span(old, BYTES), 1);
    await pollUntil('it lands', [a, b], () => view(first)[BYTES - 1] === 5);
    a.push(borrowed(old, BYTES), 1);
    b.poll();
    first.close();
    const others = Array.from({ length: MANY }, () => b.register(BYTES));
    for (const other of others) other.close();
    const young = Array.from({ length: MANY }, () => b.register(BYTES)); // where the old ones were, perhaps
    const events: number[] = [];
    await pollUntil('the writer is told', [a, b], () => {
      a.push(span(old, 4096), 1);
      events.push(...drained(a).map(([, peer]) => peer));
      return events.length > 0;
    });
    expect(events).to.deep.equal([old.index]);
    for (const region of young) expect(view(region).every(byte => byte === 0)).to.equal(true);
  });

  it('leave nothing, however many come and go', async () => {
    const source = a.register(BYTES);
    const use = async (rounds: number): Promise<void> => {
      for (let round = 1; round <= rounds; round++) {
        const target = b.register(BYTES);
        const peer = a.connect(b.address, target.key, source);
        view(source).fill((round & 127) | 128);
        a.push(borrowed(peer, BYTES), 1);
        const seen = view(target);
        await pollUntil('it lands', [a, b], () => seen[BYTES - 1] === view(source)[0]);
        a.disconnect(peer);
        target.close();
      }
      await nextTurn();
    };
    await use(MANY);
    const before = { ...holdings(), mappings: mappings(), resident: resident() };
    await use(10 * MANY);
    const after = { ...holdings(), mappings: mappings(), resident: resident() };
    expect(after.descriptors).to.equal(before.descriptors);
    expect(after.mappings - before.mappings, 'mappings').to.be.lessThan(MANY);
    expect((after.resident - before.resident) / 1024, 'MiB').to.be.lessThan(100); // of 400 that were used
  });
});

describeLibfabric('a libfabric fabric that is closed', () => {
  it('leaves nothing after many of them, with what was under way', async () => {
    const useAndClose = async (): Promise<void> => {
      const [a, b] = [createFabric(TCP), createFabric(TCP)];
      const [source, target] = [a.register(BYTES), b.register(BYTES)];
      const peer = a.connect(b.address, target.key, source);
      view(source).fill(9);
      a.push(span(peer, 64), 1);
      // Not while it connects: libfabric 1.17 keeps the socket of an attempt that goes on when its endpoint is closed.
      await pollUntil('they are connected', [a, b], () => view(target)[63] === 9);
      for (let i = 0; i < 5; i++) a.push(borrowed(peer, BYTES), 1);
      b.poll();
      await Promise.all([a, b].map(fabric => new Promise<void>(resolve => fabric.close(resolve))));
    };
    for (let i = 0; i < 3; i++) await useAndClose();
    await nextTurn();
    const before = holdings();
    for (let i = 0; i < 10; i++) await useAndClose();
    await nextTurn();
    expect(holdings()).to.deep.equal(before);
  });
});
