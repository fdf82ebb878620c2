/** What lands where, and which bytes: zeroed memory, exact places, captured and borrowed spans, any size. */
import { strict as assert } from 'node:assert';
import { BORROWED, CAPTURED } from '@bowecho/core';
import { connect, batchOf, pushAll, settle, filled, type It } from './setup.js';

export function memoryTests(it: It): void {
  it('registers zeroed memory of the size asked for', async ({ a }) => {
    for (const bytes of [8, 64, 4096, 100_000]) {
      const { memory } = a.register(bytes);
      assert.equal(memory.byteLength, bytes);
      assert(
        new Uint8Array(memory).every(byte => byte === 0),
        `fresh memory of ${bytes} bytes is not zero`,
      );
    }
    await Promise.resolve();
  });

  it('writes a span to its place and nowhere else', async setup => {
    const way = connect(setup.a, setup.b, 256);
    filled(way.from, 1);
    await pushAll(setup, setup.a, [{ way, from: 40, to: 104, length: 24 }]);
    await settle(setup);
    const expected = new Uint8Array(256);
    expected.set(way.from.subarray(40, 64), 104);
    assert.deepEqual(way.to, expected);
  });

  it('writes the first and the last byte of a region', async setup => {
    const way = connect(setup.a, setup.b, 64);
    filled(way.from, 1);
    await pushAll(setup, setup.a, [
      { way, from: 63, to: 0, length: 1 },
      { way, from: 0, to: 63, length: 1 },
    ]);
    await settle(setup);
    assert.equal(way.to[0], way.from[63]);
    assert.equal(way.to[63], way.from[0]);
  });

  it('writes a whole region, and unaligned spans of every small length', async setup => {
    const way = connect(setup.a, setup.b, 512);
    filled(way.from, 5);
    await pushAll(setup, setup.a, [{ way, from: 0, length: 512, flags: BORROWED }]);
    await settle(setup);
    assert.deepEqual(way.to, way.from);
    for (let length = 1; length <= 40; length++) {
      way.to.fill(0);
      await pushAll(setup, setup.a, [{ way, from: 3, to: 17, length }]);
      await settle(setup);
      assert.deepEqual(way.to.subarray(17, 17 + length), way.from.subarray(3, 3 + length));
      assert.equal(way.to[16], 0);
      assert.equal(way.to[17 + length], 0);
    }
  });

  it('accepts a span of no bytes and changes nothing', async setup => {
    const way = connect(setup.a, setup.b, 64);
    filled(way.from, 1);
    await pushAll(setup, setup.a, [
      { way, from: 10, length: 0 },
      { way, from: 64, length: 0 },
    ]);
    await settle(setup);
    assert(way.to.every(byte => byte === 0));
  });

  it('captures a captured span when it is posted', async setup => {
    const way = connect(setup.a, setup.b, 64);
    for (let i = 1; i <= 50; i++) {
      way.from.fill(i);
      await pushAll(setup, setup.a, [{ way, from: 0, length: 64 }]);
      way.from.fill(255);
      await settle(setup);
      assert(
        way.to.every(byte => byte === i),
        'bytes arrive that were written after the post',
      );
    }
  });

  it('delivers a borrowed span whole as long as it stays unchanged', async setup => {
    const way = connect(setup.a, setup.b, 4096);
    filled(way.from, 9);
    await pushAll(setup, setup.a, [{ way, from: 8, length: 4000, flags: BORROWED }]);
    way.from.fill(255, 0, 8);
    await settle(setup);
    assert.deepEqual(way.to.subarray(8, 4008), way.from.subarray(8, 4008));
    assert(way.to.subarray(0, 8).every(byte => byte === 0));
  });

  it('carries a mebibyte in one write', async setup => {
    const way = connect(setup.a, setup.b, 1 << 20);
    filled(way.from, 3);
    for (const flags of [BORROWED, CAPTURED]) {
      way.to.fill(0);
      await pushAll(setup, setup.a, [{ way, from: 0, length: 1 << 20, flags }]);
      await settle(setup);
      assert(Buffer.from(way.to.buffer).equals(Buffer.from(way.from.buffer)), 'a mebibyte arrives changed');
    }
  });

  it('refuses spans outside the local region', async ({ a, b }) => {
    const way = connect(a, b, 64);
    assert.throws(() => a.push(batchOf([{ way, from: 60, to: 0, length: 8 }]), 1));
    assert.throws(() => a.push(batchOf([{ way, from: -8, to: 0, length: 8 }]), 1));
    await Promise.resolve();
  });
}
