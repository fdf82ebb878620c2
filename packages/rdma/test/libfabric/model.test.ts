/**
 * Goal: whatever is pushed in whatever batches, memory over there becomes what a plain model says: bytes copied in the order
 * posted; captured ones as they were when posted, though their source changes at once; from one byte to more than one write of a provider takes.
 */
import { BORROWED, CAPTURED, PUSH_STRIDE, type Fabric, type Peer, type Region } from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import fc from 'fast-check';
import { nextTurn } from '../next-turn.js';
import { TCP, describeLibfabric } from './describe-libfabric.js';
import { drained, pollUntil } from './poll-until.js';

/** The last cell of a region says how many batches are in it. */
const REGION_BYTES = 6 << 20;
const COUNT_AT = REGION_BYTES - 8;
const LARGEST = 5 << 20;
const TARGETS = 2;
const RUNS = 15;

interface Span {
  readonly target: number;
  /** As parts of what is possible. */
  readonly from: number;
  readonly to: number;
  readonly length: number;
  readonly isCaptured: boolean;
}

/** Pushes one way, and knows what the regions over there are to be. */
class Writer {
  private readonly borrowed: Region;
  private readonly captured: Region;
  private readonly targets: Region[];
  private readonly models: Uint8Array[];
  /** By target: from the region of borrowed bytes, and from that of captured ones. */
  private readonly peers: (readonly [Peer, Peer])[];
  private batches = 0;

  constructor(
    private readonly fabric: Fabric,
    private readonly there: Fabric,
    seed: number,
  ) {
    this.borrowed = fabric.register(REGION_BYTES);
    this.captured = fabric.register(REGION_BYTES);
    let state = seed | 1;
    for (const region of [this.borrowed, this.captured]) {
      const words = new Int32Array(region.memory);
      for (let i = 0; i < words.length; i++) words[i] = state = Math.imul(state, 1664525) + 1013904223;
    }
    this.targets = Array.from({ length: TARGETS }, () => there.register(REGION_BYTES));
    this.models = this.targets.map(() => new Uint8Array(REGION_BYTES));
    this.peers = this.targets.map(({ key }) => [
      fabric.connect(there.address, key, this.borrowed),
      fabric.connect(there.address, key, this.captured),
    ]);
  }

  push(spans: readonly Span[]): void {
    const bytes = new Uint8Array(this.captured.memory);
    this.batches++;
    new Float64Array(this.captured.memory)[COUNT_AT / 8] = this.batches;
    const descriptors = spans.flatMap(({ target, from, to, length, isCaptured }) => {
      const [source, target0] = [from, to].map(part => Math.floor(part * (COUNT_AT - length)));
      return this.copy(target, source!, target0!, length, isCaptured);
    });
    for (let target = 0; target < TARGETS; target++) {
      descriptors.push(...this.copy(target, COUNT_AT, COUNT_AT, 8, true));
    }
    const batch = Int32Array.from(descriptors);
    this.pushAll(batch);
    for (let i = this.batches % 7; i < COUNT_AT; i += 4099) bytes[i]! ^= 0x55; // captured means that this is not seen
  }

  /** A fabric that is full takes the rest when both have polled. */
  private pushAll(batch: Int32Array): void {
    for (let rest = batch; rest.length > 0;) {
      rest = rest.slice(this.fabric.push(rest, rest.length / PUSH_STRIDE) * PUSH_STRIDE);
      for (const fabric of rest.length > 0 ? [this.fabric, this.there] : []) fabric.poll();
    }
  }

  get hasLanded(): boolean {
    return this.targets.every(({ memory }) => new Float64Array(memory)[COUNT_AT / 8] === this.batches);
  }

  expectAsModel(): void {
    this.targets.forEach(({ memory }, i) => {
      expect(Buffer.compare(new Uint8Array(memory), this.models[i]!), `region ${i}`).to.equal(0);
    });
  }

  private copy(target: number, from: number, to: number, length: number, isCaptured: boolean): number[] {
    const { memory } = isCaptured ? this.captured : this.borrowed;
    this.models[target]!.set(new Uint8Array(memory, from, length), to);
    const peer = this.peers[target]![isCaptured ? 1 : 0];
    return [peer.index, from, to, length, isCaptured ? CAPTURED : BORROWED];
  }
}

const length = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 3, arbitrary: fc.integer({ min: 301, max: 70_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 70_001, max: LARGEST }) },
);
const part = fc.double({ min: 0, max: 1, noNaN: true });
const span = fc.record({
  target: fc.integer({ min: 0, max: TARGETS - 1 }),
  from: part,
  to: part,
  length,
  isCaptured: fc.boolean(),
});
const step = fc.record({
  isBack: fc.boolean(),
  spans: fc.array(span, { maxLength: 12 }),
  polls: fc.integer({ min: 0, max: 3 }),
});

describeLibfabric('pushes over TCP', () => {
  it('leave memory as a plain model says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.integer(), async (steps, seed) => {
        const fabrics = [createFabric(TCP), createFabric(TCP)] as const;
        const [a, b] = fabrics;
        const writers = [new Writer(a, b, seed), new Writer(b, a, ~seed)];
        try {
          for (const { isBack, spans, polls } of steps) {
            writers[isBack ? 1 : 0]!.push(spans);
            for (let i = 0; i < polls; i++) {
              for (const fabric of fabrics) fabric.poll();
              await nextTurn();
            }
          }
          await pollUntil('all has landed', fabrics, () => writers.every(writer => writer.hasLanded));
          for (const writer of writers) writer.expectAsModel();
          expect([...drained(a), ...drained(b)]).to.deep.equal([]);
        } finally {
          for (const fabric of fabrics) fabric.close(() => {});
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});
