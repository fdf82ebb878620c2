/** The store in a simulated cluster, over seeds: one winner per version, whoever asks, and the same store everywhere. */
import { simulate } from '@bowecho/testing';
import { expect } from 'chai';
import { ABSENT, KeyValue } from '../src/key-value.js';

const NODES = [0, 1, 2];
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

describe('the key-value store', () => {
  for (const seed of SEEDS) {
    it(`has one winner in each round, and tells the others who it was, seed ${seed}`, async () => {
      using sim = simulate({ nodes: NODES.length, actors: [KeyValue], seed });
      const stores = NODES.map(node => sim.get(KeyValue, 'race', { node }));
      let version = ABSENT;
      for (let round = 0; round < 10; round++) {
        const results = await Promise.all(
          stores.map((store, node) => store.cas('baton', version, `round ${round} node ${node}`)),
        );
        const winners = results.flatMap(({ won }, node) => (won ? [node] : []));
        expect(winners).to.have.lengthOf(1);
        const [entry] = results.map(result => result.entry);
        expect(entry).to.include({ value: `round ${round} node ${winners[0]}` });
        for (const result of results) expect(result.entry).to.deep.equal(entry);
        expect(entry!.version).to.be.above(version);
        version = entry!.version;
      }
      await sim.settle();
      sim.assertTotalOrder();
      expect(new Set(sim.digests(KeyValue, 'race'))).to.have.lengthOf(1);
    });

    it(`reads at any member what any other was told before, seed ${seed}`, async () => {
      using sim = simulate({ nodes: NODES.length, actors: [KeyValue], seed });
      const store = (node: number) => sim.get(KeyValue, 'config', { node });
      for (let i = 0; i < 9; i++) {
        const version = await store(i % 3).put('colour', `${i}`);
        const other = store((i + 1) % 3);
        const [local, latest] = await Promise.all([
          other.$with({ read: 'local' }).get('colour'),
          other.get('colour'),
        ]);
        expect(latest).to.deep.equal({ value: `${i}`, version });
        expect(local?.version ?? ABSENT).to.be.at.most(version);
      }
    });
  }

  it('gives no version twice, not even after a delete', async () => {
    using sim = simulate({ actors: [KeyValue], seed: 1 });
    const store = sim.get(KeyValue, 's');
    const first = await store.put('k', 'one');
    expect(await store.delete('k')).to.equal(true);
    expect(await store.delete('k')).to.equal(false);
    expect(await store.get('k')).to.equal(undefined);
    const second = await store.cas('k', ABSENT, 'two');
    expect(second.won).to.equal(true);
    expect(await store.cas('k', first, 'three')).to.deep.equal({ won: false, entry: second.entry });
  });

  it('scans by prefix, in the order of the keys', async () => {
    using sim = simulate({ actors: [KeyValue], seed: 1 });
    const store = sim.get(KeyValue, 's');
    for (const key of ['b/2', 'a/1', 'b/10', 'b/1', 'c']) await store.put(key, key.toUpperCase());
    const keysOf = async (prefix: string, limit: number) =>
      (await store.scan(prefix, limit)).map(([key]) => key);
    expect(await keysOf('b/', 9)).to.deep.equal(['b/1', 'b/10', 'b/2']);
    expect(await keysOf('b/', 2)).to.deep.equal(['b/1', 'b/10']);
    expect(await keysOf('', 9)).to.have.lengthOf(5);
    expect(await store.scan('a', 1)).to.deep.equal([['a/1', { value: 'A/1', version: 2 }]]);
  });
});
