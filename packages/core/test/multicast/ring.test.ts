/**
 * A ring's writer and reader against the plainest model there is: a list. Random payload sizes, batch sizes and release
 * points, in rings so small that every one of them wraps.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { AssertionError, RingReader, RingWriter, maxPayloadBytes } from '@bowecho/core';

/** Bytes that say which message they belong to, and where in it they are. */
function payloadOf(message: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (message * 31 + i * 7) & 255);
}

function newRing(bytes: number): { memory: ArrayBuffer; offset: number; bytes: number } {
  return { memory: new ArrayBuffer(64 + bytes), offset: 64, bytes };
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), length: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('append' as const), length: fc.nat(224) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('publish' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deliver' as const), count: fc.nat(8) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const) }) },
);

describe('ring', () => {
  it('hands out every message whole and in order, whatever wraps', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 300 }), steps => {
        const ring = newRing(1024);
        const writer = new RingWriter(ring);
        const reader = new RingReader(ring);
        const bytes = new Uint8Array(ring.memory);
        const lengths: number[] = [];
        let published = 0;
        let round = 0;
        for (const action of steps) {
          if (action.kind === 'append') {
            if (writer.append(payloadOf(lengths.length, action.length), action.length))
              lengths.push(action.length);
          } else if (action.kind === 'publish') {
            if (writer.openCount === 0) continue;
            writer.publish(++round, 1000 + round);
            published = lengths.length;
            expect(reader.receive(writer.tail)).to.equal(round);
            expect(reader.received).to.equal(published);
          } else if (action.kind === 'deliver') {
            for (let i = 0; i < action.count && reader.delivered < published; i++) {
              const message = reader.delivered;
              expect(reader.headRound).to.be.lessThan(Infinity);
              const offset = reader.nextFrame();
              expect(reader.frameLength).to.equal(lengths[message]);
              expect(bytes.slice(offset, offset + reader.frameLength)).to.deep.equal(
                payloadOf(message, lengths[message]!),
              );
            }
            expect(reader.headRound === Infinity).to.equal(reader.delivered === reader.received);
          } else {
            writer.release(reader.position);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('takes a message of the largest size at any position', () => {
    const ring = newRing(1024);
    const writer = new RingWriter(ring);
    const reader = new RingReader(ring);
    const length = maxPayloadBytes(1024);
    for (let i = 0; i < 200; i++) {
      const size = i % 3 === 0 ? length : (i * 8) % length;
      expect(writer.append(payloadOf(i, size), size), `message ${i}`).to.equal(true);
      writer.publish(i + 1, i);
      reader.receive(writer.tail);
      reader.nextFrame();
      writer.release(reader.position);
    }
  });

  it('says that there is no room, and writes nothing, before it would overwrite what is not released', () => {
    const ring = newRing(256);
    const writer = new RingWriter(ring);
    let count = 0;
    while (writer.append(payloadOf(count, 16), 16)) count++;
    expect(count).to.equal(Math.floor((256 - 24) / 24));
    expect(writer.openCount).to.equal(count);
  });

  it('counts as well after 2^31 bytes as before', () => {
    const ring = newRing(1 << 20);
    const writer = new RingWriter(ring);
    const reader = new RingReader(ring);
    const payload = payloadOf(1, maxPayloadBytes(1 << 20));
    for (let round = 1; writer.tail < 2 ** 32 + 2 ** 21; round++) {
      expect(writer.append(payload, payload.length)).to.equal(true);
      writer.publish(round, round);
      reader.receive(writer.tail);
      reader.nextFrame();
      writer.release(reader.position);
    }
  });
});

describe('ring bytes that no sender wrote', () => {
  const cases: readonly [string, (ints: Int32Array, doubles: Float64Array) => void, RegExp][] = [
    ['nothing at all', () => undefined, /batch of 0 bytes and 0 frames/],
    ['a batch longer than the tail says', ints => (ints[0] = 4096), /batch of 4096 bytes/],
    ['a negative length', ints => (ints[0] = -8), /batch of -8 bytes/],
    ['an odd length', ints => ((ints[0] = 57), (ints[1] = 1)), /batch of 57 bytes/],
    ['no frames', ints => (ints[0] = 56), /and 0 frames/],
    [
      'a round that is no integer',
      (ints, doubles) => ((ints[0] = 56), (ints[1] = 1), (doubles[1] = 0.5)),
      /round 0.5/,
    ],
    ['a round of zero', (ints, _) => ((ints[0] = 56), (ints[1] = 1)), /round 0 after one of round 0/],
  ];
  for (const [name, write, sentence] of cases) {
    it(`fails the member on ${name}`, () => {
      const ring = newRing(1024);
      write(new Int32Array(ring.memory, 64), new Float64Array(ring.memory, 64));
      expect(() => new RingReader(ring).receive(56)).to.throw(AssertionError, sentence);
    });
  }

  it('fails the member on a tail that no ring of this size can have', () => {
    const reader = new RingReader(newRing(1024));
    for (const tail of [-8, 2048, NaN, Infinity])
      expect(() => reader.receive(tail)).to.throw(AssertionError, 'tail');
  });

  it('fails the member on frames that leave their batch', () => {
    for (const [length, kind] of [
      [2000, 1],
      [-1, 1],
      [8, 0],
      [8, 7],
      [8, 2],
      [24, 1],
    ] as const) {
      const ring = newRing(1024);
      const ints = new Int32Array(ring.memory, 64);
      const doubles = new Float64Array(ring.memory, 64);
      ints.set([40, 1]);
      doubles[1] = 1;
      ints.set([length, kind], 6);
      const reader = new RingReader(ring);
      reader.receive(40);
      expect(() => reader.nextFrame(), `frame of kind ${kind}, ${length} bytes`).to.throw(AssertionError);
    }
  });
});
