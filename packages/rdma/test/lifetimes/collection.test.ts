/** Goal: what nobody closed is given back when it is collected, and not a moment before somebody may still look at it. */
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import { collectUntil, holdings } from '../holdings.js';
import { nextTurn } from '../next-turn.js';
import { makePair, span, type Pair } from '../pair.js';
import { describeSharedMemory } from '../describe-shared-memory.js';

describeSharedMemory('collecting shared memory', () => {
  it('gives back all of a fabric that was forgotten with regions and ways', async () => {
    await collectUntil(() => holdings().mappings === 0);
    const before = holdings();
    const forget = (): void => {
      for (let i = 0; i < 20; i++) {
        const pair = makePair(10_000);
        pair.a.push(span(pair.peer, 64), 1);
      }
    };
    forget();
    expect(holdings().mappings).to.be.greaterThan(before.mappings);
    await collectUntil(() => holdings().mappings === before.mappings);
    await nextTurn();
    expect(holdings()).to.deep.equal(before);
  });

  it('keeps memory that a view still shows', async () => {
    const views: Uint8Array[] = [];
    const forget = (): void => {
      const pair = makePair();
      views.push(new Uint8Array(pair.source.memory), new Uint8Array(pair.target.memory));
      views[0]!.fill(6);
      pair.a.push(span(pair.peer, 64), 1);
    };
    forget();
    const { descriptors } = holdings();
    await collectUntil(() => holdings().descriptors < descriptors);
    expect(holdings().descriptors).to.be.lessThan(descriptors);
    expect(views.map(view => view.every(byte => byte === 6))).to.deep.equal([true, true]);
    expect(views.map(view => view.fill(7)[63])).to.deep.equal([7, 7]);
    views.length = 0;
    await collectUntil(() => holdings().mappings === 0);
    expect(holdings().mappings).to.equal(0);
  });

  it('keeps a sleeper that nobody else holds, and wakes it', async () => {
    let wakes = 0;
    const putToSleep = (): Pick<Pair, 'a' | 'peer'> => {
      const { a, b, peer } = makePair();
      b.arm(() => wakes++);
      return { a, peer };
    };
    const { a, peer } = putToSleep();
    const makeAnother = (): WeakRef<object> => new WeakRef(createFabric('shared-memory'));
    const another = makeAnother();
    await collectUntil(() => another.deref() === undefined);
    expect(another.deref(), 'a fabric that does not sleep is collected meanwhile').to.equal(undefined);
    a.push(span(peer, 8), 1);
    await nextTurn();
    expect(wakes).to.equal(1);
    a.close(() => {});
  });
});
