/**
 * What a change of views asks of a fabric that lives on: fresh regions, and ways to them beside the old ones, between the same
 * nodes, while the old are still written to; then the old end, a part of them while others go on. Nothing of the old is to be
 * taken for something of the new: no index, no event, no byte.
 */
import { strict as assert } from 'node:assert';
import { BORROWED, EVENT_STRIDE, type Fabric } from '@bowecho/core';
import {
  type ConformanceSetup,
  type ConformanceTraits,
  type Way,
  connect,
  filled,
  pollAll,
  pushAll,
  settle,
  type It,
} from './setup.js';

const VIEWS = 8;
/** Of each node in a view: a small table, and larger ones with a ring. */
const REGION_BYTES = [256, 20_000, 20_000];

function nodesOf({ a, b, c }: ConformanceSetup): readonly Fabric[] {
  return c === undefined ? [a, b] : [a, b, c];
}

/** Ways from each node to each other one, from regions of its own to such of the other. */
function openView(nodes: readonly Fabric[]): Way[] {
  const regions = nodes.map(node => REGION_BYTES.map(bytes => node.register(bytes)));
  return nodes.flatMap((from, i) =>
    nodes.flatMap((to, j) =>
      i === j
        ? []
        : REGION_BYTES.map((bytes, at) => {
            const target = to.register(bytes); // one for each writer, so that all bytes of it tell of him
            return connect(from, to, bytes, { source: regions[i]![at]!, target });
          }),
    ),
  );
}

function endView(ways: readonly Way[]): void {
  for (const way of ways) way.fabric.disconnect(way.peer);
  for (const way of ways) {
    way.source.close();
    way.target.close();
  }
}

async function writeAll(
  setup: ConformanceSetup,
  nodes: readonly Fabric[],
  ways: readonly Way[],
): Promise<void> {
  for (const node of nodes) {
    const mine = ways.filter(way => way.fabric === node);
    await pushAll(
      setup,
      node,
      mine.map(way => ({ way, from: 0, length: way.from.length, flags: BORROWED })),
    );
  }
}

export function viewChangeTests(it: It, traits: ConformanceTraits): void {
  it('carries view after view, the old one written to until the new one stands', async setup => {
    const nodes = nodesOf(setup);
    let old: Way[] = [];
    for (let view = 1; view <= VIEWS; view++) {
      const young = openView(nodes);
      assert(
        young.every(({ to }) => to.every(byte => byte === 0)),
        'fresh memory shows bytes of an older view',
      );
      [...old, ...young].forEach((way, i) => filled(way.from, view * 50 + (i % REGION_BYTES.length)));
      await writeAll(setup, nodes, [...old, ...young]);
      await settle(setup);
      for (const way of [...old, ...young]) assert.deepEqual(way.to, way.from);
      endView(old);
      old = young;
    }
    for (const node of nodes) assert.equal(node.drain(new Int32Array(EVENT_STRIDE)), 0);
  });

  it('shows a write of the new view only after all that was posted in the old one', async setup => {
    const { a, b } = setup;
    let old = connect(a, b, 3000);
    for (let view = 1; view <= VIEWS; view++) {
      const young = connect(a, b, 3000);
      old.from.fill(view);
      young.from[0] = view;
      await pushAll(setup, a, [
        { way: old, from: 0, length: 3000, flags: BORROWED },
        { way: young, from: 0, length: 1 },
      ]);
      do {
        if (young.to[0] !== view) continue;
        assert(
          old.to.every(byte => byte === view),
          `view ${view} is seen before the end of the one before`,
        );
      } while (await pollAll(setup));
      await settle(setup);
      assert.equal(young.to[0], view);
      endView([old]);
      young.to.fill(0);
      old = young;
    }
  });

  it('gives no index twice, whatever was disconnected before', async ({ a, b }) => {
    const seen = new Set<number>();
    for (let view = 1; view <= VIEWS; view++) {
      const ways = [connect(a, b, 64), connect(a, b, 64)];
      for (const { peer } of ways) {
        assert(!seen.has(peer.index), `index ${peer.index} is given again`);
        seen.add(peer.index);
      }
      a.disconnect(ways[view % 2]!.peer);
      if (view % 3 === 0) a.disconnect(ways[(view + 1) % 2]!.peer);
    }
    await Promise.resolve();
  });

  it('takes writes to regions of a whole view that were just closed, and goes on', async setup => {
    const { a, b } = setup;
    const old = Array.from({ length: 40 }, () => connect(a, b, 64));
    const young = Array.from({ length: 40 }, () => connect(a, b, 64));
    await pushAll(
      setup,
      a,
      old.map(way => ({ way, from: 0, length: 64 })),
    );
    await settle(setup);
    for (const way of old) way.target.close();
    for (const way of [...old, ...young]) way.from.fill(3);
    await pushAll(
      setup,
      a,
      [...old, ...young].map(way => ({ way, from: 0, length: 64 })),
    );
    await settle(setup);
    for (const way of young) assert.deepEqual(way.to, way.from);
    for (const node of [a, b]) assert.equal(node.drain(new Int32Array(EVENT_STRIDE)), 0);
  });

  it('reaches a node again that it had disconnected from altogether', async setup => {
    const { a, b } = setup;
    for (let round = 1; round <= VIEWS; round++) {
      const way = connect(a, b, 64);
      way.from.fill(round);
      await pushAll(setup, a, [{ way, from: 0, length: 64 }]);
      await settle(setup);
      assert.deepEqual(way.to, way.from);
      await pushAll(setup, a, [{ way, from: 0, length: 64 }]);
      a.disconnect(way.peer);
    }
    await settle(setup);
    for (const node of [a, b]) assert.equal(node.drain(new Int32Array(EVENT_STRIDE)), 0);
  });

  if (traits.twoNodesOnly === true) return;

  it('goes on between two nodes when both have disconnected from the third', async setup => {
    const { a, b, c } = setup;
    assert(c !== undefined, 'create() gives no third fabric; say so by the trait twoNodesOnly');
    const there = connect(a, b, 64);
    const back = connect(b, a, 64);
    const lost = [connect(a, c, 4096), connect(b, c, 4096)];
    const late = connect(c, a, 64);
    for (const way of lost) {
      await pushAll(setup, way.fabric, [{ way, from: 0, length: 4096, flags: BORROWED }]);
      way.fabric.disconnect(way.peer);
    }
    for (let round = 1; round <= 20; round++) {
      for (const way of [there, back, late]) {
        way.from.fill(round);
        await pushAll(setup, way.fabric, [{ way, from: 0, length: 64 }]);
      }
      await settle(setup);
      for (const way of [there, back]) assert.deepEqual(way.to, way.from);
    }
  });
}
