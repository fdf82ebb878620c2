/**
 * fabricConformance holds a fabric to the contract in core's fabric.ts, point by point. The simulated fabric, the
 * in-process one and those of `@bowecho/rdma` pass the same suite, so what holds in simulation has a right to hold in
 * production.
 *
 * It runs in any test framework: hand in its `describe` and `it`. A test gets fresh fabrics from `create` and looks at
 * memory after `settle`, or between calls of `step` where the order of arrival is the point. It never waits by a clock.
 *
 * What it cannot see: that bytes are borrowed and not copied (a matter of speed), and races between two machines.
 */
import { strict as assert } from 'node:assert';
import {
  BORROWED,
  CAPTURED,
  EVENT_STRIDE,
  PUSH_FLAGS,
  PUSH_LENGTH,
  PUSH_LOCAL_OFFSET,
  PUSH_PEER,
  PUSH_REMOTE_OFFSET,
  PUSH_STRIDE,
  type Fabric,
  type Peer,
  type Region,
} from '@bowecho/core';

/** Fabrics that can reach each other, and how to let time pass for them. */
export interface ConformanceSetup {
  readonly a: Fabric;
  readonly b: Fabric;
  readonly c?: Fabric;
  /** Lets everything that was posted arrive. */
  settle(): void | Promise<void>;
  /** Lets a little happen; false when nothing is left to happen. Where left out, `settle` is one step. */
  step?(): boolean | Promise<boolean>;
  /** Called after each test. */
  close(): void | Promise<void>;
}

/** What a fabric does not do; everything is expected where left out. */
export interface ConformanceTraits {
  /** `create` gives no third fabric. */
  readonly twoNodesOnly?: boolean;
  /** `arm` is not supported. */
  readonly neverSleeps?: boolean;
}

export interface ConformanceOptions {
  readonly name: string;
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: (title: string, body: () => Promise<void>) => unknown;
  readonly create: () => ConformanceSetup | Promise<ConformanceSetup>;
  readonly traits?: ConformanceTraits;
}

/** A way from a region of one fabric to a region of another. */
interface Way {
  readonly fabric: Fabric;
  readonly peer: Peer;
  readonly source: Region;
  readonly target: Region;
  /** The bytes at both ends. */
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

interface Span {
  readonly way: Way;
  readonly from: number;
  readonly to?: number;
  readonly length: number;
  readonly flags?: number;
}

function connect(
  fabric: Fabric,
  other: Fabric,
  bytes: number,
  regions: Partial<Pick<Way, 'source' | 'target'>> = {},
): Way {
  const source = regions.source ?? fabric.register(bytes);
  const target = regions.target ?? other.register(bytes);
  const peer = fabric.connect(other.address, target.key, source);
  return {
    fabric,
    peer,
    source,
    target,
    from: new Uint8Array(source.memory),
    to: new Uint8Array(target.memory),
  };
}

function batchOf(spans: readonly Span[]): Int32Array {
  const batch = new Int32Array(spans.length * PUSH_STRIDE);
  spans.forEach(({ way, from, to = from, length, flags = CAPTURED }, i) => {
    const at = i * PUSH_STRIDE;
    batch[at + PUSH_PEER] = way.peer.index;
    batch[at + PUSH_LOCAL_OFFSET] = from;
    batch[at + PUSH_REMOTE_OFFSET] = to;
    batch[at + PUSH_LENGTH] = length;
    batch[at + PUSH_FLAGS] = flags;
  });
  return batch;
}

/** Offers are refused for a while, not for ever. */
const MOST_OFFERS = 10_000;

/** Pushes spans of one fabric, offering again what was not accepted. */
async function pushAll(setup: ConformanceSetup, fabric: Fabric, spans: readonly Span[]): Promise<void> {
  let batch = batchOf(spans);
  let count = spans.length;
  for (let offers = 0; count > 0; offers++) {
    assert(offers < MOST_OFFERS, `${count} of ${spans.length} descriptors are never accepted`);
    const accepted = fabric.push(batch, count);
    assert(accepted >= 0 && accepted <= count, `push accepted ${accepted} of ${count} descriptors`);
    batch = batch.slice(accepted * PUSH_STRIDE);
    count -= accepted;
    if (count > 0) await pollAll(setup);
  }
}

async function pollAll(setup: ConformanceSetup): Promise<boolean> {
  for (const fabric of [setup.a, setup.b, setup.c]) fabric?.poll();
  if (setup.step !== undefined) return setup.step();
  await setup.settle();
  return false;
}

/** Lets everything arrive. */
async function settle(setup: ConformanceSetup): Promise<void> {
  await setup.settle();
  for (const fabric of [setup.a, setup.b, setup.c]) fabric?.poll();
}

function filled(bytes: Uint8Array, seed: number): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + seed) & 255;
  return bytes;
}

/**
 * Registers the suite.
 *
 * @example
 * fabricConformance({ name: 'in-process', describe, it, create: () => { ... return { a, b, c, settle() {}, close } } });
 */
export function fabricConformance(options: ConformanceOptions): void {
  const { name, traits = {} } = options;
  options.describe(`fabric contract: ${name}`, () => {
    const it = (title: string, body: (setup: ConformanceSetup) => Promise<void>): void => {
      options.it(title, async () => {
        const setup = await options.create();
        try {
          await body(setup);
        } finally {
          await setup.close();
        }
      });
    };
    memoryTests(it);
    orderTests(it);
    fenceTests(it, traits);
    progressTests(it, traits);
  });
}

type It = (title: string, body: (setup: ConformanceSetup) => Promise<void>) => void;

function memoryTests(it: It): void {
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

function orderTests(it: It): void {
  it('lands writes of one node to another in the order posted, whatever regions they go to', async setup => {
    const { a, b } = setup;
    const ways = [connect(a, b, 64), connect(a, b, 64), connect(a, b, 64)];
    const look = (): void => {
      // The newest write is looked at first, so that a value seen vouches for those looked at after it.
      const [first, second, third] = ways
        .map(way => way.to)
        .reverse()
        .map(bytes => bytes[7]!) as [number, number, number];
      assert(
        first <= second && second <= third,
        `writes ${third}, ${second}, ${first} are seen: order is lost`,
      );
    };
    for (let round = 1; round <= 100; round++) {
      for (const way of ways) {
        way.from[7] = round;
        await pushAll(setup, a, [{ way, from: 7, length: 1 }]);
        look();
      }
      if (round % 3 === 0) await pollAll(setup);
      look();
    }
    while (await pollAll(setup)) look();
    await settle(setup);
    assert(ways.every(way => way.to[7] === 100));
  });

  it('shows a guard only after all the data that was posted before it', async setup => {
    const { a, b } = setup;
    const data = connect(a, b, 3000);
    const guard = connect(a, b, 8);
    for (let round = 1; round <= 30; round++) {
      data.from.fill(round);
      guard.from[0] = round;
      await pushAll(setup, a, [
        { way: data, from: 0, length: 3000, flags: BORROWED },
        { way: guard, from: 0, length: 1 },
      ]);
      do {
        if (guard.to[0] !== round) continue;
        assert(
          data.to.every(byte => byte === round),
          `guard ${round} is seen before its data`,
        );
      } while (await pollAll(setup));
      await settle(setup);
      assert.equal(guard.to[0], round);
    }
  });

  it('takes a prefix of a batch and the rest later, and loses nothing', async setup => {
    const way = connect(setup.a, setup.b, 4096);
    filled(way.from, 11);
    const spans = Array.from({ length: 512 }, (_, i) => ({ way, from: i * 8, length: 8 }));
    await pushAll(setup, setup.a, spans);
    await settle(setup);
    assert.deepEqual(way.to, way.from);
  });

  it('lets a later write win over an earlier one to the same place', async setup => {
    const way = connect(setup.a, setup.b, 64);
    for (let i = 1; i <= 200; i++) {
      way.from.fill(i);
      await pushAll(setup, setup.a, [{ way, from: 0, length: 64 }]);
    }
    await settle(setup);
    assert(way.to.every(byte => byte === 200));
  });

  it('carries writes both ways at once, and many peers', async setup => {
    const { a, b } = setup;
    const there = Array.from({ length: 64 }, () => connect(a, b, 64));
    const back = Array.from({ length: 64 }, () => connect(b, a, 64));
    there.forEach((way, i) => filled(way.from, i));
    back.forEach((way, i) => filled(way.from, 100 + i));
    await pushAll(
      setup,
      a,
      there.map(way => ({ way, from: 0, length: 64 })),
    );
    await pushAll(
      setup,
      b,
      back.map(way => ({ way, from: 0, length: 64 })),
    );
    await settle(setup);
    for (const way of [...there, ...back]) assert.deepEqual(way.to, way.from);
  });
}

function fenceTests(it: It, traits: ConformanceTraits): void {
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

function progressTests(it: It, traits: ConformanceTraits): void {
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
      await settle(setup);
      let wakes = 0;
      assert(
        b.arm(() => wakes++),
        `round ${round}: nothing is pending, and arm says that something is`,
      );
      await pushAll(setup, a, [{ way, from: 0, length: 64 }]);
      await setup.settle();
      assert.equal(wakes, 1, `round ${round}: a write to a sleeping node woke it ${wakes} times`);
    }
  });

  it('wakes once however many writes arrive', async setup => {
    const { a, b } = setup;
    const way = connect(a, b, 64);
    await settle(setup);
    let wakes = 0;
    assert(b.arm(() => wakes++));
    for (let i = 0; i < 20; i++) await pushAll(setup, a, [{ way, from: 0, length: 64 }]);
    await setup.settle();
    assert.equal(wakes, 1);
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
