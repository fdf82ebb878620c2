/**
 * Goal: addresses and keys come from the network. Whatever they hold, the answer is an error that a caller can understand:
 * no crash, nothing mapped, nothing opened that is not what was named. Both have parts, one for each transport, so bytes
 * can be wrong in the frame and in a part; test/libfabric/bad-bytes.test.ts looks at the parts of libfabric.
 */
import { BowechoError, type Region } from '@bowecho/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { decodeParts, encodeParts } from '../../src/parts.js';
import { holdings } from '../holdings.js';
import { nextTurn } from '../next-turn.js';
import { closePair, makePair, type Pair } from '../pair.js';
import { describeSharedMemory } from '../describe-shared-memory.js';

/** The number of its part. */
const SHARED_MEMORY = 1;
/** What stands before the bytes of the only part: kind, version, count; transport, length. */
const FRAME_BYTES = 6;

const partOf = (whole: Uint8Array): Uint8Array => decodeParts(whole, 'address').get(SHARED_MEMORY)!;
const withPart = (part: Uint8Array): Uint8Array => encodeParts(new Map([[SHARED_MEMORY, part]]));

/** The same with a number changed, which lies at `at` of the part. */
function withNumber(whole: Uint8Array, at: number, number: number): Uint8Array {
  const part = partOf(whole).slice();
  new DataView(part.buffer).setUint32(at, number, true);
  return withPart(part);
}

function numberIn(whole: Uint8Array, at: number): number {
  const part = partOf(whole);
  return new DataView(part.buffer, part.byteOffset).getUint32(at, true);
}

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

  it('are refused whatever bytes they are, in the frame or in the part, and nothing stays', () => {
    const before = holdings();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), fc.boolean(), (bytes, isKey, isPart) => {
        const bad = isPart ? withPart(bytes) : bytes;
        const words = isKey ? refusal(pair.b.address, bad) : refusal(bad, pair.target.key);
        expect(words).to.match(/^the (address|region key) of a peer cannot be read: /);
      }),
    );
    expect(holdings()).to.deep.equal(before);
  });

  it('are refused when any one byte of a good one is changed', () => {
    const before = holdings();
    // Numbers near these may be other names of the very same: a thread of this process, the other end of that pipe.
    const lowBytesOfPidAndPipe = [FRAME_BYTES + 26, FRAME_BYTES + 34];
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

  it('are refused when they are cut anywhere, or longer', () => {
    for (const good of [pair.b.address, pair.target.key]) {
      const refused = (bad: Uint8Array): string =>
        good === pair.b.address ? refusal(bad, pair.target.key) : refusal(pair.b.address, bad);
      for (let length = 0; length < good.length; length++) {
        expect(refused(good.subarray(0, length)), `${length} bytes`).to.match(/ cannot be read: /);
      }
      expect(refused(good.subarray(0, -1))).to.match(/it ends within part 1 of 1$/);
      expect(refused(new Uint8Array([...good, 0]))).to.match(/1 bytes follow its 1 parts$/);
      const part = partOf(good);
      for (const bad of [part.subarray(0, -1), new Uint8Array([...part, 0])]) {
        expect(refused(withPart(bad))).to.match(/it has \d+ bytes and not \d+$/);
      }
    }
  });

  it('are refused from another version, of the frame or of the part, and the sentence names both', () => {
    for (const at of [1, FRAME_BYTES + 1]) {
      const other = pair.b.address.slice();
      other[at] = 9;
      expect(refusal(other, pair.target.key)).to.match(
        /version 9, and this one is 1; use one version of @bowecho\/rdma$/,
      );
    }
  });

  it('are refused when they name one transport twice, or none that both have', () => {
    const [head, tail] = [pair.b.address.subarray(0, 3), pair.b.address.subarray(3)];
    const twice = new Uint8Array([...head.subarray(0, 2), 2, ...tail, ...tail]);
    expect(refusal(twice, pair.target.key)).to.match(/it has two parts of kind 1$/);
    const others = encodeParts(new Map([[9, new Uint8Array(5)]]));
    expect(refusal(others, pair.target.key)).to.match(/nothing for shared memory; name one fabric at all/);
    expect(refusal(pair.b.address, others)).to.match(/it has nothing for shared memory$/);
    const none = encodeParts(new Map());
    expect(refusal(none, pair.target.key)).to.match(/nothing for shared memory; name one fabric at all/);
  });

  it('are taken with parts of transports that this fabric has not', () => {
    const more = (whole: Uint8Array): Uint8Array =>
      encodeParts(new Map([...decodeParts(whole, 'address'), [9, new Uint8Array(300)]]));
    expect(refusal(more(pair.b.address), more(pair.target.key))).to.equal('it was accepted');
  });

  it('are refused from another machine', () => {
    const other = pair.b.address.slice();
    other[FRAME_BYTES + 2]! ^= 255;
    expect(refusal(other, pair.target.key)).to.match(/^the peer runs on another machine/);
  });

  it('are refused when the descriptor means another thing by now: a file, a pipe, a directory, other memory', () => {
    const other = pair.b.register(64);
    const descriptorOf = (region: Region): number => numberIn(region.key, 2);
    const pipe = numberIn(pair.b.address, 34);
    for (const fd of [descriptorOf(other), pipe, 0, 3]) {
      expect(refusal(pair.b.address, withNumber(pair.target.key, 2, fd)), `descriptor ${fd}`).to.match(
        /something else/,
      );
    }
  });

  it('are refused when the numbers are right and the size is not', () => {
    expect(refusal(pair.b.address, withNumber(pair.target.key, 6, 64 + 1))).to.match(/something else/);
  });

  it('of nobody: no process has that number', () => {
    const highest = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')); // pids stay below it
    const nobody = withNumber(pair.b.address, 26, highest);
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
