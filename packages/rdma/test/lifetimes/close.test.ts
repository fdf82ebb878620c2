/** Goal: closing gives back all that was taken, at once or in the next turn of the event loop, and nothing lands any more. */
import { BowechoError } from '@bowecho/core';
import { expect } from 'chai';
import { holdings } from '../holdings.js';
import { nextTurn } from '../next-turn.js';
import { closePair, makePair, span } from '../pair.js';
import { describeSharedMemory } from '../describe-shared-memory.js';

describeSharedMemory('closing shared memory', () => {
  it('leaves nothing after a thousand fabrics, regions and ways', async () => {
    const warm = makePair();
    closePair(warm);
    await nextTurn();
    const before = holdings();
    for (let i = 0; i < 500; i++) {
      const pair = makePair(10_000);
      pair.a.push(span(pair.peer, 64), 1);
      if (i % 2 === 0) pair.b.arm(() => {});
      if (i % 3 === 0) pair.a.disconnect(pair.peer);
      if (i % 5 === 0) pair.target.close();
      closePair(pair);
      if (i % 50 === 0) await nextTurn();
    }
    await nextTurn();
    expect(holdings()).to.deep.equal(before);
  });

  it('leaves nothing of a way that was disconnected, or could not be made', async () => {
    const pair = makePair();
    const before = holdings();
    const bigger = pair.b.register(4096);
    const peers = Array.from({ length: 20 }, () => pair.a.connect(pair.b.address, bigger.key, pair.source));
    expect(holdings().mappings).to.equal(before.mappings + 1 + 20);
    for (const peer of peers) pair.a.disconnect(peer);
    bigger.close();
    for (let i = 0; i < 20; i++) {
      expect(() => pair.a.connect(pair.b.address, bigger.key, pair.source)).to.throw(BowechoError);
    }
    await nextTurn();
    expect(holdings()).to.deep.equal(before);
    closePair(pair);
  });

  it('leaves zeros to views that are still held, and no shared memory behind them', async () => {
    const { mappings } = holdings();
    const pair = makePair();
    const view = new Uint8Array(pair.target.memory);
    const cells = new Float64Array(pair.source.memory);
    view.fill(7);
    cells.fill(7);
    closePair(pair);
    expect([view.length > 0, view.every(byte => byte === 0), cells.every(cell => cell === 0)]).to.deep.equal([
      true,
      true,
      true,
    ]);
    await nextTurn();
    expect(holdings().mappings).to.equal(mappings);
    view[0] = 1; // goes nowhere, and harms nobody
  });

  it('does not detach: code over typed arrays stays as fast as it was', () => {
    const pair = makePair();
    const { memory } = pair.target;
    closePair(pair);
    expect(memory.byteLength).to.be.greaterThan(0);
  });

  it('skips pushes from a region that was closed, and still delivers those from others', () => {
    const pair = makePair();
    const other = pair.a.register(64);
    const fromOther = pair.a.connect(pair.b.address, pair.target.key, other);
    pair.source.close();
    new Uint8Array(other.memory).fill(9);
    const batch = new Int32Array([...span(pair.peer, 64), ...span(fromOther, 8)]);
    expect(pair.a.push(batch, 2)).to.equal(2);
    expect([...new Uint8Array(pair.target.memory, 0, 9)]).to.deep.equal([9, 9, 9, 9, 9, 9, 9, 9, 0]);
    closePair(pair);
  });

  it('copies before push returns, so closing everything right after it loses nothing', () => {
    const pair = makePair();
    new Uint8Array(pair.source.memory).fill(5);
    pair.a.push(span(pair.peer, 64), 1);
    pair.a.close(() => {});
    expect(new Uint8Array(pair.target.memory).every(byte => byte === 5)).to.equal(true);
    pair.b.close(() => {});
  });

  it('takes being closed twice, and being used afterwards, and refuses new ways', () => {
    const pair = makePair();
    closePair(pair);
    closePair(pair);
    expect([
      pair.a.poll(),
      pair.a.drain(new Int32Array(2)),
      pair.a.push(span(pair.peer, 64), 1),
    ]).to.deep.equal([0, 0, 1]);
    expect(pair.a.arm(() => {})).to.equal(true);
    pair.a.disconnect(pair.peer);
    pair.source.close();
    expect(() => pair.a.register(64)).to.throw(/closed fabric/);
    expect(() => pair.a.connect(pair.b.address, pair.target.key, pair.source)).to.throw(/closed fabric/);
  });

  it('calls nobody who armed a fabric that was closed', async () => {
    const pair = makePair();
    let wakes = 0;
    pair.b.arm(() => wakes++);
    pair.a.push(span(pair.peer, 8), 1);
    pair.b.close(() => {});
    await nextTurn();
    expect(wakes).to.equal(0);
    closePair(pair);
  });
});
