/**
 * Goal: frames come out as they went in, however the stream is cut into pieces, and a hostile header costs nothing.
 * Method: random frames cut at random places; tables of corners.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { FrameReader, frameOf, HEADER_BYTES, type Frame } from '../../src/control/frame.js';
import { Unreadable } from '../../src/control/unreadable.js';

function framesOf(reader: FrameReader, chunk: Buffer): Frame[] {
  reader.push(chunk);
  const frames: Frame[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  return frames;
}

/** Cuts bytes at the given places, in any order. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = places.map(place => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...sorted].map((place, i) => bytes.subarray(place, sorted[i] ?? bytes.length));
}

describe('frames', () => {
  it('arrive as they were written, whatever the pieces of the stream', () => {
    const frame = fc.record({ kind: fc.nat(255), payload: fc.uint8Array({ maxLength: 200 }) });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat()), (frames, places) => {
        const stream = Buffer.concat(frames.map(({ kind, payload }) => frameOf(kind, payload)));
        const reader = new FrameReader(200);
        const read = cut(stream, places).flatMap(chunk => framesOf(reader, chunk));
        expect(read.map(({ kind, payload }) => [kind, payload.toString('hex')])).to.deep.equal(
          frames.map(({ kind, payload }) => [kind, Buffer.from(payload).toString('hex')]),
        );
        expect(reader.isInsideFrame).to.be.false;
      }),
    );
  });

  it('keep what they hold when more of the stream comes', () => {
    const reader = new FrameReader(10_000);
    const first = Buffer.alloc(9_000, 1);
    const stream = Buffer.concat([frameOf(7, first), frameOf(7, Buffer.alloc(9_000, 2))]);
    const kept: Frame[] = [];
    for (let at = 0; at < stream.length; at += 1_000) {
      kept.push(...framesOf(reader, Buffer.from(stream.subarray(at, at + 1_000))));
    }
    expect(kept[0]!.payload.equals(first)).to.be.true;
  });

  it('of several megabytes come together out of single bytes', () => {
    const payload = Buffer.alloc(3_000_000, 5);
    const stream = frameOf(3, payload);
    const reader = new FrameReader(payload.length);
    let found: Frame | undefined;
    for (let at = 0; at < stream.length; at++) {
      reader.push(stream.subarray(at, at + 1));
      found = reader.next();
    }
    expect(found!.payload.equals(payload)).to.be.true;
  });

  for (const length of [101, 2 ** 31, 2 ** 32 - 1]) {
    it(`of ${length} bytes are refused by their header where 100 are allowed`, () => {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32LE(length, 0);
      const reader = new FrameReader(100);
      reader.push(header);
      expect(() => reader.next()).to.throw(Unreadable, `${length} bytes was announced, and 100 are allowed`);
    });
  }

  it('take memory for the bytes that came, not for those announced', () => {
    const header = Buffer.alloc(HEADER_BYTES + 1);
    header.writeUInt32LE(2 ** 31, 0);
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 100 }, () => {
      const reader = new FrameReader(2 ** 31);
      framesOf(reader, header);
      return reader;
    });
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(100 * 10_000);
    expect(readers.every(reader => reader.isInsideFrame)).to.be.true;
  });
});
