/** What ends writes: closing a region fences everybody out, disconnecting ends only mine. */
import { strict as assert } from 'node:assert';
import { BORROWED } from '@bowecho/core';
import { type ConformanceTraits, connect, pushAll, settle, filled, type It } from './setup.js';

export function fenceTests(it: It, traits: ConformanceTraits): void {
  it('lets nothing land in a region after it was closed', async setup => {
    const { a, b } = setup;
    const way = connect(a, b, 64);
    way.from.fill(7);
    await pushAll(setup, a, [{ way, from: 0, length: 64, flags: BORROWED }]);
    way.target.close();
    const before = way.to.length === 0 ? way.to : way.to.slice();
    const assertUnchanged = (): void => {
      if (way.to.length > 0) assert.deepEqual(way.to, before); // nothing is left to look at where closing unmaps
    };
    await settle(setup);
    assertUnchanged();
    await pushAll(setup, a, [{ way, from: 0, length: 64 }]);
    await settle(setup);
    assertUnchanged();
  });

  it('closes one region without harm to others', async setup => {
    const { a, b } = setup;
    const closed = connect(a, b, 64);
    const open = connect(a, b, 64);
    filled(open.from, 2);
    await pushAll(setup, a, [
      { way: closed, from: 0, length: 64 },
      { way: open, from: 0, length: 64 },
    ]);
    closed.target.close();
    await settle(setup);
    assert.deepEqual(open.to, open.from);
  });

  it('lets a region be closed twice', async ({ a }) => {
    const region = a.register(64);
    region.close();
    region.close();
    await Promise.resolve();
  });

  it('delivers what was posted from a region that is closed afterwards', async setup => {
    const way = connect(setup.a, setup.b, 1024);
    const sent = filled(way.from, 4).slice();
    await pushAll(setup, setup.a, [{ way, from: 0, length: 1024, flags: BORROWED }]);
    way.source.close();
    await settle(setup);
    assert.deepEqual(way.to, sent);
  });

  it('ends only my writes to a peer by disconnect', async setup => {
    const { a, b } = setup;
    const there = connect(a, b, 64);
    const other = connect(a, b, 64);
    const back = connect(b, a, 64);
    a.disconnect(there.peer);
    for (const way of [there, other, back]) way.from.fill(3);
    await pushAll(setup, a, [
      { way: there, from: 0, length: 64 },
      { way: other, from: 0, length: 64 },
    ]);
    await pushAll(setup, b, [{ way: back, from: 0, length: 64 }]);
    await settle(setup);
    assert(
      there.to.every(byte => byte === 0),
      'a write was sent after disconnect',
    );
    assert(other.to.every(byte => byte === 3));
    assert(back.to.every(byte => byte === 3));
  });

  it('says once that it has closed', async setup => {
    const { a, b } = setup;
    const way = connect(a, b, 64);
    await pushAll(setup, a, [{ way, from: 0, length: 64, flags: BORROWED }]);
    let closed = 0;
    a.close(() => closed++);
    await settle(setup);
    assert.equal(closed, 1);
  });

  if (traits.twoNodesOnly === true) return;

  it('takes writes of two nodes into one region', async setup => {
    const { a, b, c } = setup;
    assert(c !== undefined, 'create() gives no third fabric; say so by the trait twoNodesOnly');
    const target = b.register(128);
    const fromA = connect(a, b, 128, { target });
    const fromC = connect(c, b, 128, { target });
    fromA.from.fill(1);
    fromC.from.fill(2);
    for (let i = 0; i < 20; i++) {
      await pushAll(setup, a, [{ way: fromA, from: 0, length: 64 }]);
      await pushAll(setup, c, [{ way: fromC, from: 64, length: 64 }]);
    }
    await settle(setup);
    assert(fromA.to.subarray(0, 64).every(byte => byte === 1));
    assert(fromA.to.subarray(64).every(byte => byte === 2));
  });

  it('keeps a node reachable for others when one disconnects from it', async setup => {
    const { a, b, c } = setup;
    assert(c !== undefined, 'create() gives no third fabric; say so by the trait twoNodesOnly');
    const fromA = connect(a, b, 64);
    const fromC = connect(c, b, 64);
    a.disconnect(fromA.peer);
    fromC.from.fill(5);
    await pushAll(setup, c, [{ way: fromC, from: 0, length: 64 }]);
    await settle(setup);
    assert(fromC.to.every(byte => byte === 5));
  });
}
