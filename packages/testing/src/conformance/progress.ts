/** Polling and sleeping: what poll and drain say, and that nobody sleeps over something that arrived. */
import { strict as assert } from 'node:assert';
import { CAPTURED, EVENT_STRIDE, QUIET, type Fabric } from '@bowecho/core';
import {
  type ConformanceSetup,
  type ConformanceTraits,
  connect,
  batchOf,
  pushAll,
  settle,
  type It,
} from './setup.js';

/** A fabric may have work of its own for a while, as with connections, and not for ever. */
const MOST_TRIES = 10_000;

/** Arms a node as soon as it has nothing to do. */
async function sleep(setup: ConformanceSetup, node: Fabric, onReady: () => void): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    await settle(setup);
    if (node.arm(onReady)) return;
  }
  assert.fail('nothing is pending, and arm says that something is, whatever is polled');
}

export function progressTests(it: It, traits: ConformanceTraits): void {
  it('says by poll how much was done, and nothing when nothing was', async setup => {
    await settle(setup);
    assert.equal(setup.b.poll(), 0);
    const way = connect(setup.a, setup.b, 64);
    await pushAll(setup, setup.a, [{ way, from: 0, length: 64 }]);
    await setup.settle();
    assert(setup.b.poll() >= 0);
    assert.equal(setup.b.poll(), 0);
  });

  it('drains no more events than there is room for, and none where nothing failed', async setup => {
    const way = connect(setup.a, setup.b, 64);
    await pushAll(setup, setup.a, [{ way, from: 0, length: 64 }]);
    await settle(setup);
    for (const fabric of [setup.a, setup.b]) assert.equal(fabric.drain(new Int32Array(4 * EVENT_STRIDE)), 0);
    assert.equal(setup.a.drain(new Int32Array(0)), 0);
  });

  if (traits.neverSleeps === true) return;

  it('wakes an armed node by a write, each time it is armed', async setup => {
    const { a, b } = setup;
    const way = connect(a, b, 64);
    for (let round = 1; round <= 50; round++) {
      let wakes = 0;
      await sleep(setup, b, () => wakes++);
      await pushAll(setup, a, [{ way, from: 0, length: 64 }]);
      await setup.settle();
      assert.equal(wakes, 1, `round ${round}: a write to a sleeping node woke it ${wakes} times`);
    }
  });

  it('wakes once however many writes arrive', async setup => {
    const { a, b } = setup;
    const way = connect(a, b, 64);
    let wakes = 0;
    await sleep(setup, b, () => wakes++);
    for (let i = 0; i < 20; i++) await pushAll(setup, a, [{ way, from: 0, length: 64 }]);
    await setup.settle();
    assert.equal(wakes, 1);
  });

  it('lands a quiet write, and wakes a node for another one of the same push, in either order', async setup => {
    const { a, b } = setup;
    const way = connect(a, b, 64);
    const quiet = { way, from: 0, length: 8, flags: CAPTURED | QUIET };
    const loud = { way, from: 8, length: 8 };
    way.from.fill(1);
    await pushAll(setup, a, [quiet]);
    await settle(setup);
    assert.deepEqual([...way.to.subarray(0, 9)], [1, 1, 1, 1, 1, 1, 1, 1, 0]);
    for (const spans of [
      [quiet, loud],
      [loud, quiet],
    ]) {
      let wakes = 0;
      await sleep(setup, b, () => wakes++);
      await pushAll(setup, a, spans);
      await setup.settle();
      assert.equal(wakes, 1, 'a write that is not quiet woke nobody');
    }
  });

  it('does not let a node sleep over a write that it has not polled', async setup => {
    const { a, b } = setup;
    const way = connect(a, b, 64);
    await settle(setup);
    await pushAll(setup, a, [{ way, from: 0, length: 64 }]);
    await setup.settle();
    let wakes = 0;
    const sleeps = b.arm(() => wakes++);
    await setup.settle();
    assert(!sleeps || wakes === 1, 'a write was there before arm, and nobody was told');
  });

  it('does not let a node sleep over a push that was accepted only in part', async setup => {
    const { a, b } = setup;
    const way = connect(a, b, 4096);
    const batch = batchOf(Array.from({ length: 64 }, () => ({ way, from: 0, length: 4096 })));
    let accepted = 64;
    for (let tries = 0; tries < 1000 && accepted === 64; tries++) accepted = a.push(batch, 64);
    if (accepted === 64) return; // this fabric has room for everything
    let wakes = 0;
    const sleeps = a.arm(() => wakes++);
    await setup.settle();
    assert(!sleeps || wakes === 1, 'there is room again, and nobody was told');
  });
}
