/**
 * Goal: the simulated and the in-process fabric keep the contract, under every kind of hazard; and the suite that says so
 * is worth something: each of a handful of broken fabrics fails it.
 */
import { InProcessNetwork } from '@bowecho/actors';
import { CAPTURED, PUSH_FLAGS, PUSH_STRIDE, QUIET, type Fabric } from '@bowecho/core';
import {
  EventQueue,
  NO_HAZARDS,
  Random,
  SimulatedNetwork,
  fabricConformance,
  type ConformanceSetup,
  type Hazards,
} from '@bowecho/testing';
import { expect } from 'chai';

function simulated(seed: number, hazards: Hazards): ConformanceSetup {
  const queue = new EventQueue();
  const network = new SimulatedNetwork(queue, Random.fromSeed(seed), {
    minDelay: 1,
    maxDelay: 500,
    hazards,
    eventKind: 0,
  });
  const step = (): boolean => {
    if (!queue.pop()) return false;
    network.land(queue.a);
    return true;
  };
  return {
    a: network.createFabric(),
    b: network.createFabric(),
    c: network.createFabric(),
    step,
    settle: () => {
      while (step());
    },
    close: () => {},
  };
}

function inProcess(): ConformanceSetup {
  const network = new InProcessNetwork();
  return {
    a: network.createFabric(),
    b: network.createFabric(),
    c: network.createFabric(),
    settle: () => {},
    close: () => {},
  };
}

fabricConformance({ name: 'in-process', describe, it, create: inProcess });
fabricConformance({ name: 'simulated, tidy', describe, it, create: () => simulated(1, NO_HAZARDS) });
fabricConformance({
  name: 'simulated, writes split at any byte',
  describe,
  it,
  create: () => simulated(2, { ...NO_HAZARDS, split: 1 }),
});
fabricConformance({
  name: 'simulated, cells of a write in any order, pushes taken in part',
  describe,
  it,
  create: () => simulated(3, { ...NO_HAZARDS, scatter: 1, refuse: 0.5 }),
});

/** A setup whose fabrics behave like those of `inner` but for what `change` replaces. */
function changed(inner: ConformanceSetup, change: (fabric: Fabric) => Partial<Fabric>): ConformanceSetup {
  const wrap = (fabric: Fabric): Fabric => {
    const bound: Fabric = {
      address: fabric.address,
      register: bytes => fabric.register(bytes),
      connect: (address, key, local) => fabric.connect(address, key, local),
      disconnect: peer => fabric.disconnect(peer),
      push: (batch, count) => fabric.push(batch, count),
      poll: () => fabric.poll(),
      drain: events => fabric.drain(events),
      arm: onReady => fabric.arm(onReady),
      yieldProcessor: () => fabric.yieldProcessor(),
      close: onClosed => fabric.close(onClosed),
    };
    return { ...bound, ...change(fabric) };
  };
  return { ...inner, a: wrap(inner.a), b: wrap(inner.b), c: wrap(inner.c!) };
}

/** The titles of the tests that such a fabric fails. */
async function failures(create: () => ConformanceSetup): Promise<string[]> {
  const failed: string[] = [];
  const bodies: [string, () => Promise<void>][] = [];
  fabricConformance({
    name: 'broken',
    describe: (_title, body) => body(),
    it: (title, body) => bodies.push([title, body]),
    create,
  });
  for (const [title, body] of bodies) {
    try {
      await body();
    } catch {
      failed.push(title); // which assertion it was does not matter here: that there is one does
    }
  }
  return failed;
}

describe('fabricConformance finds broken fabrics', () => {
  const wild = (): ConformanceSetup => simulated(4, { ...NO_HAZARDS, split: 0.5 });
  const broken: Record<string, () => ConformanceSetup> = {
    'takes a batch backwards': () =>
      changed(wild(), fabric => ({
        push: (batch, count) => {
          for (let i = count - 1; i >= 0; i--)
            fabric.push(batch.slice(i * PUSH_STRIDE, (i + 1) * PUSH_STRIDE), 1);
          return count;
        },
      })),
    'borrows what should be captured': () =>
      changed(wild(), fabric => ({
        push: (batch, count) => {
          const borrowing = batch.slice();
          for (let i = 0; i < count; i++) borrowing[i * PUSH_STRIDE + PUSH_FLAGS] = CAPTURED - 1;
          return fabric.push(borrowing, count);
        },
      })),
    'is quiet about all of a push that has something quiet in it': () =>
      changed(wild(), fabric => ({
        push: (batch, count) => {
          const hushed = batch.slice();
          const flags = Array.from({ length: count }, (_, i) => batch[i * PUSH_STRIDE + PUSH_FLAGS]!);
          const hush = flags.some(each => (each & QUIET) !== 0) ? QUIET : 0;
          for (let i = 0; i < count; i++) hushed[i * PUSH_STRIDE + PUSH_FLAGS]! |= hush;
          return fabric.push(hushed, count);
        },
      })),
    'loses what it did not accept': () =>
      changed(wild(), fabric => ({
        push: (batch, count) => {
          fabric.push(batch, Math.ceil(count / 2));
          return count;
        },
      })),
    'forgets to fence a closed region': () =>
      changed(wild(), fabric => ({
        register: bytes => ({ ...fabric.register(bytes), close: () => {} }),
        connect: (address, key, local) =>
          fabric.connect(address, key, fabric.register(local.memory.byteLength)),
      })),
    'disconnects nobody': () => changed(wild(), () => ({ disconnect: () => {} })),
    'never wakes': () => changed(wild(), () => ({ arm: () => true })),
    'wakes at once': () =>
      changed(wild(), fabric => ({
        arm: onReady => {
          onReady();
          return fabric.arm(onReady);
        },
      })),
    'never sleeps': () => changed(wild(), () => ({ arm: () => false })),
    'invents events': () =>
      changed(wild(), () => ({ drain: events => (events.length === 0 ? 0 : events.fill(1).length) })),
    'never says that it closed': () => changed(wild(), () => ({ close: () => {} })),
    'gives memory that was used before': () =>
      changed(wild(), fabric => ({
        register: bytes => {
          const region = fabric.register(bytes);
          new Uint8Array(region.memory).fill(1);
          return region;
        },
      })),
  };

  it('fails none that is whole', async () => {
    expect(await failures(() => changed(wild(), () => ({})))).to.deep.equal([]);
  });

  for (const [what, create] of Object.entries(broken)) {
    it(what, async () => {
      expect(await failures(create), 'tests that it fails').not.to.be.empty;
    });
  }
});
