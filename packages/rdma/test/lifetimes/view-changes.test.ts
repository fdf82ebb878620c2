/**
 * Goal: a fabric outlives any number of views. Each has fresh regions and ways beside those of the view before, which are
 * written to until they end; after some views nothing of the process grows any more.
 */
import { BORROWED, CAPTURED, PUSH_STRIDE, type Fabric, type Peer, type Region } from '@bowecho/core';
import { createFabric, unavailableReason } from '@bowecho/rdma';
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { collectUntil, holdings, type Holdings } from '../holdings.js';
import { drained, pollUntil } from '../libfabric/poll-until.js';

const MEMBERS = 3;
/** A small table, and two with a ring. */
const REGION_BYTES = [4096, 1 << 18, 1 << 18];
const RING_AT = 4096;
const RING_BYTES = 3000;
/** Garbage is collected after each so many views: what is left of memory that was closed is given back then. */
const VIEWS_AT_ONCE = 10;
/** What is kept of views that ended, and not for ever, is there after the first. */
const TIMES = 4;

interface Seat {
  readonly fabric: Fabric;
  readonly regions: readonly Region[];
  readonly peers: Peer[];
}

/** Of the whole process; neighbours with equal rights count as one. */
const mappings = (): number => readFileSync('/proc/self/maps', 'utf8').split('\n').length;

/** Of shared memory, in mebibytes. */
function resident(): number {
  return Number(/^RssShmem:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
}

function openView(fabrics: readonly Fabric[]): Seat[] {
  const seats = fabrics.map(fabric => ({
    fabric,
    regions: REGION_BYTES.map(bytes => fabric.register(bytes)),
    peers: [] as Peer[],
  }));
  for (const from of seats) {
    for (const to of seats) {
      if (from === to) continue;
      to.regions.forEach(({ key }, i) => {
        from.peers.push(from.fabric.connect(to.fabric.address, key, from.regions[i]!));
      });
    }
  }
  return seats;
}

/** Each writes its cell to all, and into rings where there are some. */
function write(seats: readonly Seat[], value: number): void {
  seats.forEach(({ fabric, regions, peers }, rank) => {
    for (const { memory } of regions) new Float64Array(memory)[rank] = value;
    const batch = Int32Array.from(
      peers.flatMap(({ index }, i) => [
        ...(i % REGION_BYTES.length === 0 ? [] : [index, RING_AT, RING_AT, RING_BYTES, BORROWED]),
        ...[index, rank * 8, rank * 8, 8, CAPTURED],
      ]),
    );
    fabric.push(batch, batch.length / PUSH_STRIDE);
  });
}

const isWritten = (seats: readonly Seat[], value: number): boolean =>
  seats.every(({ regions }) =>
    regions.every(({ memory }) => new Float64Array(memory, 0, MEMBERS).every(cell => cell === value)),
  );

function endView(seats: readonly Seat[]): void {
  for (const { fabric, peers } of seats) for (const peer of peers) fabric.disconnect(peer);
  for (const { regions } of seats) for (const region of regions) region.close();
}

for (const name of ['shared-memory', 'libfabric-tcp']) {
  const reason = unavailableReason(name);
  if (reason !== undefined) describe.skip(`views over ${name} (not here: ${reason})`, () => {});
  else describe(`views over ${name}`, () => lifetimes(name));
}

function lifetimes(name: string): void {
  it('leave nothing that grows with their number', async () => {
    const fabrics = Array.from({ length: MEMBERS }, () => createFabric(name));
    let old = openView(fabrics);
    let view = 0;
    const change = async (): Promise<Holdings & { mapped: number; resident: number }> => {
      for (let i = 0; i < VIEWS_AT_ONCE; i++) {
        view++;
        const young = openView(fabrics);
        write(old, view);
        write(young, view);
        await pollUntil('both views are written', fabrics, () =>
          [old, young].every(one => isWritten(one, view)),
        );
        endView(old);
        old = young;
      }
      await collectUntil(() => false);
      return { ...holdings(), mapped: mappings(), resident: resident() };
    };
    try {
      const first = await change();
      let last = first;
      for (let i = 0; i < TIMES; i++) last = await change();
      const { descriptors, mappings: shared } = first;
      expect({ descriptors: last.descriptors, shared: last.mappings }).to.deep.equal({ descriptors, shared });
      // Places of closed regions stay with a provider that may still write there, and neighbours become one mapping. An allocator
      // that puts something of its own between them keeps them apart: the address sanitizer's does for one in five.
      const regions = TIMES * VIEWS_AT_ONCE * MEMBERS * REGION_BYTES.length;
      expect(last.mapped - first.mapped, `mappings of ${regions} regions`).to.be.lessThan(regions / 3);
      expect(last.resident - first.resident, 'MiB').to.be.lessThan(5); // of 60 that were used
      for (const fabric of fabrics) expect(drained(fabric)).to.deep.equal([]);
    } finally {
      await Promise.all(fabrics.map(fabric => new Promise<void>(resolve => fabric.close(resolve))));
    }
  });
}
