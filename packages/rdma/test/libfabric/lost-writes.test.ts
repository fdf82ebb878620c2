/**
 * Goal: no counter is believed that vouches for lost bytes. TCP connections break while both processes live on, libfabric
 * connects again by itself, and what the old connection had taken is lost without a word. Then the writer is told, stops,
 * and nothing lands after the gap. lost-writes.slow.test.ts shows that this test finds an addon that does not stop.
 */
import { EVENT_WRITES_LOST } from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { nextTurn } from '../next-turn.js';
import { portOf } from './addresses.js';
import { breakLink } from './broken-link.js';
import { TCP, describeLibfabric } from './describe-libfabric.js';
import { drained, pollUntil } from './poll-until.js';
import { MOST_BYTES, RingWay, WAY_BYTES } from './ring-way.js';

const RUNS = 25;

describeLibfabric('a TCP connection that breaks under load', () => {
  it('is not continued by another, and the writer is told once, wherever it broke', async () => {
    const breaks = fc.record({
      bytes: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 301, max: MOST_BYTES / 4 })),
      pushes: fc.integer({ min: 1, max: 8 }),
      arrive: fc.oneof(
        fc.constant(0),
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1001, max: 40_000 }),
      ),
      isNoticed: fc.boolean(),
      pauseAfter: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 601, max: 40_000 })),
    });
    await fc.assert(
      fc.asyncProperty(breaks, async what => {
        const { found, events, words } = await breakLink(what);
        expect(found).to.equal(undefined);
        expect(events, words).to.deep.equal([EVENT_WRITES_LOST]);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  it('is not believed by either of two that write to each other', async function () {
    const a = createFabric(TCP);
    const b = createFabric(TCP);
    const fabrics = [a, b];
    const regions = fabrics.map(fabric => ({
      source: fabric.register(WAY_BYTES),
      target: fabric.register(WAY_BYTES),
    }));
    const ways = [
      new RingWay(
        a,
        a.connect(b.address, regions[1]!.target.key, regions[0]!.source),
        regions[0]!.source,
        regions[1]!.target,
      ),
      new RingWay(
        b,
        b.connect(a.address, regions[0]!.target.key, regions[1]!.source),
        regions[1]!.source,
        regions[0]!.target,
      ),
    ];
    /** By reader: the way that it reads is that of the other. */
    const isTold = [false, false];
    const look = (): void =>
      fabrics.forEach((fabric, reader) => {
        isTold[reader] ||= drained(fabric).length > 0;
        if (!isTold[reader]) ways[1 - reader]!.read();
      });
    const write = (): void => {
      for (const way of ways) if (way.hasRoom(3000)) way.publish(3000);
    };
    try {
      for (const way of ways) way.publish(100);
      await pollUntil('both have written', fabrics, () => (look(), ways.every(way => way.isRead)));
      for (let i = 0; i < 20; i++) {
        write();
        await nextTurn(); // nobody polls, so the kernel holds what was written
      }
      const ports = fabrics.map(({ address }) => `dport = :${portOf(address)}`).join(' or ');
      const { status, stdout } = spawnSync('ss', ['-H', '-K', `( ${ports} )`], { encoding: 'utf8' });
      if (status !== 0 || !stdout.includes('ESTAB')) {
        this.test!.title += ' (not tried: this kernel or this user cannot end connections by ss -K)';
        this.skip();
      }
      const isOver = (): boolean => (look(), write(), isTold.every(told => told));
      await pollUntil('both are told', fabrics, isOver);
    } finally {
      for (const fabric of fabrics) fabric.close(() => {});
    }
  });
});
