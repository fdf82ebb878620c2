/** The order of writes: per pair of nodes as posted, whatever regions they go to, and whatever is accepted at once. */
import { strict as assert } from 'node:assert';
import { BORROWED } from '@bowecho/core';
import { connect, pushAll, pollAll, settle, filled, type It } from './setup.js';

export function orderTests(it: It): void {
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
