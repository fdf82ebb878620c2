/**
 * Goal: addresses and keys come from the network. Whatever they hold, the answer is an error that a caller can understand:
 * no crash, nothing mapped, nothing opened that is not what was named.
 */
import { BowechoError, type Region } from '@bowecho/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { holdings } from '../holdings.js';
import { nextTurn } from '../next-turn.js';
import { closePair, makePair, type Pair } from '../pair.js';
import { describeSharedMemory } from '../describe-shared-memory.js';

describeSharedMemory('addresses and keys that are not', () => {
  let pair: Pair;

  beforeEach(() => {
    pair = makePair();
  });
  afterEach(async () => {
    closePair(pair);
    await nextTurn();
  });

  function refusal(address: Uint8Array, key: Uint8Array): string {
    try {
      pair.a.connect(address, key, pair.source);
    } catch (error) {
      if (error instanceof BowechoError && error.code === 'PEER_UNREACHABLE') return error.message;
      throw error;
    }
    return 'it was accepted';
  }

  it('are refused whatever bytes they are, and nothing stays', () => {
    const before = holdings();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, isKey) => {
        const words = isKey ? refusal(pair.b.address, bytes) : refusal(bytes, pair.target.key);
        expect(words).to.match(/^the (address|region key) of a peer cannot be read: /);
      }),
    );
    expect(holdings()).to.deep.equal(before);
  });

  it('are refused when any one byte of a good one is changed', () => {
    const before = holdings();
    // Numbers near these may be other names of the very same: a thread of this process, the other end of that pipe.
    const lowBytesOfPidAndPipe = [26, 34];
    for (const [which, good] of [pair.b.address, pair.target.key].entries()) {
      for (let at = 0; at < good.length; at++) {
        if (which === 0 && lowBytesOfPidAndPipe.includes(at)) continue;
        for (const change of [1, 0x80]) {
          const bad = good.slice();
          bad[at]! ^= change;
          const words = which === 0 ? refusal(bad, pair.target.key) : refusal(pair.b.address, bad);
          expect(words, `byte ${at} of ${which === 0 ? 'the address' : 'the key'}`).not.to.equal(
            'it was accepted',
          );
        }
      }
    }
    expect(holdings()).to.deep.equal(before);
  });

  it('are refused when they are cut or longer', () => {
    for (const good of [pair.b.address, pair.target.key]) {
      const longer = new Uint8Array([...good, 0]);
      for (const bad of [good.subarray(0, -1), longer]) {
        const words = good === pair.b.address ? refusal(bad, pair.target.key) : refusal(pair.b.address, bad);
        expect(words).to.match(/it has \d+ bytes and not \d+$/);
      }
    }
  });

  it('are refused from another version, and the sentence names both', () => {
    const other = pair.b.address.slice();
    other[1] = 9;
    expect(refusal(other, pair.target.key)).to.match(
      /version 9, and this one is 1; use one version of @bowecho\/rdma$/,
    );
  });

  it('are refused from another machine', () => {
    const other = pair.b.address.slice();
    other[2]! ^= 255;
    expect(refusal(other, pair.target.key)).to.match(/^the peer runs on another machine/);
  });

  it('are refused when the descriptor means another thing by now: a file, a pipe, a directory, other memory', () => {
    const other = pair.b.register(64);
    const withDescriptor = (key: Uint8Array, fd: number): Uint8Array => {
      const changed = key.slice();
      new DataView(changed.buffer).setUint32(2, fd, true);
      return changed;
    };
    const descriptorOf = (region: Region): number => new DataView(region.key.buffer).getUint32(2, true);
    const pipe = new DataView(pair.b.address.buffer).getUint32(34, true);
    for (const fd of [descriptorOf(other), pipe, 0, 3]) {
      expect(refusal(pair.b.address, withDescriptor(pair.target.key, fd)), `descriptor ${fd}`).to.match(
        /something else/,
      );
    }
  });

  it('are refused when the numbers are right and the size is not', () => {
    const changed = pair.target.key.slice();
    new DataView(changed.buffer).setUint32(6, 64 + 1, true);
    expect(refusal(pair.b.address, changed)).to.match(/something else/);
  });

  it('of nobody: no process has that number', () => {
    const nobody = pair.b.address.slice();
    const highest = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8'));
    new DataView(nobody.buffer).setUint32(26, highest, true); // pids stay below it
    expect(refusal(nobody, pair.target.key)).to.match(/^process \d+ has ended/);
  });

  it('of a region that was closed, and of a fabric that was closed', () => {
    const closed = pair.b.register(64);
    closed.close();
    expect(refusal(pair.b.address, closed.key)).to.match(/has ended, or has closed|something else/);
    pair.b.close(() => {});
    expect(refusal(pair.b.address, pair.target.key)).to.match(/has ended, or has closed|something else/);
  });
});
