/** Goal: what a host asks of this package, it is told: which fabrics there are, and why one is not. */
import { BowechoError } from '@bowecho/core';
import { availableFabrics, createFabric, unavailableReason } from '@bowecho/rdma';
import { expect } from 'chai';
import { describeSharedMemory } from './describe-shared-memory.js';

/** All names, best first. */
const KNOWN = [
  'auto',
  'shared-memory',
  'libfabric',
  'libfabric-verbs',
  'libfabric-efa',
  'libfabric-tcp',
  'libfabric-shm',
];

describe('the fabrics of this package', () => {
  it('are those that can be made, and each other one has a reason', () => {
    const names = availableFabrics();
    expect(names).to.deep.equal(KNOWN.filter(name => unavailableReason(name) === undefined));
    for (const name of KNOWN) {
      if (names.includes(name)) createFabric(name).close(() => {});
      else expect(unavailableReason(name), name).to.be.a('string').with.length.greaterThan(20);
    }
  });

  it('are refused by names that this version does not know, whatever they mean to JavaScript', () => {
    for (const name of ['libfabric-sockets', 'Auto', '', 'constructor', '__proto__']) {
      expect(unavailableReason(name)).to.equal(
        `@bowecho/rdma has no fabric of that name; this version has ${KNOWN.map(one => `'${one}'`).join(', ')}`,
      );
      expect(() => createFabric(name))
        .to.throw(BowechoError, `the fabric '${name}' cannot be used here: `)
        .with.property('code', 'FABRIC_UNAVAILABLE');
    }
  });
});

describeSharedMemory('shared memory', () => {
  it('gives each fabric an address of its own', () => {
    const fabrics = [createFabric('shared-memory'), createFabric('shared-memory')];
    expect(fabrics[0]!.address).not.to.deep.equal(fabrics[1]!.address);
    for (const fabric of fabrics) fabric.close(() => {});
  });

  it('yields the processor and comes back', () => {
    const fabric = createFabric('shared-memory');
    for (let i = 0; i < 1000; i++) fabric.yieldProcessor();
    fabric.close(() => {});
  });

  it('says what is wrong with a push, and rings for what came before it', () => {
    const a = createFabric('shared-memory');
    const b = createFabric('shared-memory');
    const source = a.register(64);
    const target = b.register(32);
    const { index } = a.connect(b.address, target.key, source);
    new Uint8Array(source.memory).fill(4);
    const bad = (descriptor: number[]): Int32Array => Int32Array.from([index, 0, 0, 8, 1, ...descriptor]);
    const cases: [number[], RegExp][] = [
      [[index, 0, 0, 33, 1], /push of 33 bytes from 0 to 0 by peer 0; the local region has 64/],
      [[index, 60, 0, 8, 1], /push of 8 bytes from 60/],
      [[index, -8, 0, 8, 1], /push of 8 bytes from -8/],
      [[index, 0, -8, 8, 1], /push of 8 bytes from 0 to -8/],
      [[index, 0, 0, -8, 1], /push of -8 bytes/],
      [[index, 2 ** 31 - 1, 0, 2 ** 31 - 1, 1], /push of 2147483647 bytes/],
      [[index + 1, 0, 0, 8, 1], /push to peer 1, and there is none of that number/],
      [[-1, 0, 0, 8, 1], /push to peer -1/],
    ];
    for (const [descriptor, sentence] of cases) {
      new Uint8Array(target.memory).fill(0);
      expect(() => a.push(bad(descriptor), 2))
        .to.throw(sentence)
        .with.property('code', 'ASSERTION');
      expect([...new Uint8Array(target.memory, 0, 9)]).to.deep.equal([4, 4, 4, 4, 4, 4, 4, 4, 0]);
      expect(b.poll(), 'what came before the bad one is announced').to.equal(1);
    }
    expect(() => a.push(new Int32Array(5), 2)).to.throw(/push of 2 descriptors from a batch of 1/);
    for (const fabric of [a, b]) fabric.close(() => {});
  });

  it('follows a batch that grows, and one whose memory was taken away', () => {
    const a = createFabric('shared-memory');
    const source = a.register(64);
    const { index } = a.connect(a.address, source.key, source); // to itself, which is allowed
    const batch = Int32Array.from([index, 0, 32, 8, 1]);
    new Uint8Array(source.memory).fill(3, 0, 8);
    a.push(batch, 1);
    expect(new Uint8Array(source.memory)[39]).to.equal(3);
    const grown = new Int32Array(500);
    grown.set([index, 0, 48, 8, 1], 495);
    grown.set([index, 0, 0, 0, 1]);
    for (let i = 0; i < 100; i++) grown[i * 5] = index;
    expect(a.push(grown, 100)).to.equal(100);
    expect(new Uint8Array(source.memory)[55]).to.equal(3);
    structuredClone(grown.buffer, { transfer: [grown.buffer] });
    expect(() => a.push(grown, 1)).to.throw(/push of 1 descriptors from a batch of 0/);
    a.close(() => {});
  });
});
