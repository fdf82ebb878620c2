/** Goal: beats cost nobody its sleep on shared memory. Method: whether a sleeper could go on sleeping is asked at once. */
import { PUSH_FLAGS, QUIET } from '@bowecho/core';
import { expect } from 'chai';
import { describeSharedMemory } from './describe-shared-memory.js';
import { closePair, makePair, span } from './pair.js';

describeSharedMemory('a quiet write on shared memory', () => {
  it('lands, and rings for nobody; the next one that is not quiet does', () => {
    const pair = makePair();
    const { a, b, source, target, peer } = pair;
    const seen = new Uint8Array(target.memory);
    const batch = span(peer, 64);
    batch[PUSH_FLAGS]! |= QUIET;
    new Uint8Array(source.memory).fill(5);
    expect(
      b.arm(() => {}),
      'nothing has landed',
    ).to.equal(true);
    a.push(batch, 1);
    expect([seen[0], seen[63]]).to.deep.equal([5, 5]);
    expect(
      b.arm(() => {}),
      'nobody has rung',
    ).to.equal(true);
    expect(b.poll()).to.equal(0);
    a.push(span(peer, 64), 1);
    expect(
      b.arm(() => {}),
      'somebody has rung',
    ).to.equal(false);
    closePair(pair);
  });
});
