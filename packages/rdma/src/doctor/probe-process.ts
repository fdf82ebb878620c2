/**
 * The main module of one of the two processes of a probe. The one called ping writes and measures; pong answers each counter,
 * and counts what has arrived. Both end, and let go of their fabric, when their launcher hangs up or is gone.
 *
 * A region has the cells that I write (a counter, and how many blocks there were), those that the other one writes here, and
 * room for blocks.
 */
import { BORROWED, CAPTURED, EVENT_STRIDE, PUSH_STRIDE, type Fabric, type Region } from '@bowecho/core';
import { createFabric } from '../fabrics.js';
import type { ProbeResult } from './probe.js';

export interface ProbeTask {
  readonly role: 'ping' | 'pong';
  readonly fabric: string;
  readonly host: string;
  readonly seconds: number;
}

/** Where the other one is, in hexadecimal. */
export interface ToProbe {
  readonly address: string;
  readonly key: string;
}

export type FromProbe =
  | ToProbe
  | { readonly result: ProbeResult }
  /** It cannot be done. */
  | { readonly refusal: string }
  /** The fabric says that the other one is gone. */
  | { readonly lost: string };

const CELLS = 2;
const COUNTER = 0;
const BLOCKS = 1;
/** My cells, those of the other, and the blocks. */
const MINE = 0;
const THEIRS = CELLS;
const BLOCKS_AT = 2 * CELLS * 8;
const BLOCK_BYTES = 1 << 20;
/** Blocks under way. */
const WINDOW = 4;
const WARM_UP_TRIPS = 100;
/** Turns between two looks at the event loop, where connections and the end of processes are heard of. */
const TURNS = 64;

class Lost extends Error {}

class ProbePlayer {
  private readonly notes: string[] = [];
  private readonly fabric: Fabric;
  private readonly region: Region;
  private readonly cells: Float64Array;
  private readonly batch = new Int32Array(2 * PUSH_STRIDE);
  private readonly events = new Int32Array(EVENT_STRIDE);
  private peer = 0;
  private turns = 0;
  private isOver = false;

  constructor(private readonly task: ProbeTask) {
    const { fabric, host } = task;
    this.fabric = createFabric(fabric, { host, say: words => this.notes.push(words) });
    this.region = this.fabric.register(BLOCKS_AT + WINDOW * BLOCK_BYTES);
    this.cells = new Float64Array(this.region.memory, 0, 2 * CELLS);
  }

  get place(): ToProbe {
    return { address: hexOf(this.fabric.address), key: hexOf(this.region.key) };
  }

  /** Resolves for ping alone. */
  async play(other: ToProbe): Promise<ProbeResult> {
    this.peer = this.fabric.connect(bytesOf(other.address), bytesOf(other.key), this.region).index;
    if (this.task.role === 'pong') await this.answer();
    for (let i = 0; i < WARM_UP_TRIPS; i++) await this.trip();
    return {
      roundTripMicros: await this.measureTrips(),
      bytesPerSecond: await this.measureBlocks(),
      notes: this.notes,
    };
  }

  close(onClosed: () => void): void {
    this.isOver = true;
    this.fabric.close(onClosed);
  }

  private async answer(): Promise<never> {
    const { cells } = this;
    const isNew = (cell: number): boolean => cells[THEIRS + cell] !== cells[MINE + cell];
    for (;;) {
      await this.turnUntil(() => isNew(COUNTER) || isNew(BLOCKS));
      cells[MINE + COUNTER] = cells[THEIRS + COUNTER]!;
      cells[MINE + BLOCKS] = cells[THEIRS + BLOCKS]!;
      this.push();
    }
  }

  /** Microseconds of one round trip. */
  private async trip(): Promise<number> {
    const { cells } = this;
    const start = performance.now();
    cells[MINE + COUNTER]!++;
    this.push();
    await this.turnUntil(() => cells[THEIRS + COUNTER] === cells[MINE + COUNTER]);
    return (performance.now() - start) * 1000;
  }

  private async measureTrips(): Promise<ProbeResult['roundTripMicros']> {
    const trips: number[] = [];
    const micros = this.task.seconds * 1e6;
    for (let sum = 0; sum < micros; sum += trips.at(-1)!) trips.push(await this.trip());
    trips.sort((a, b) => a - b);
    const percentile = (part: number): number => trips[Math.floor((trips.length - 1) * part)]!;
    return { p50: percentile(0.5), p99: percentile(0.99) };
  }

  private async measureBlocks(): Promise<number> {
    const { cells } = this;
    const start = performance.now();
    do {
      await this.turnUntil(() => cells[MINE + BLOCKS]! - cells[THEIRS + BLOCKS]! < WINDOW);
      this.push(cells[MINE + BLOCKS]!++);
    } while (performance.now() - start < this.task.seconds * 1000);
    await this.turnUntil(() => cells[MINE + BLOCKS] === cells[THEIRS + BLOCKS]);
    return (cells[MINE + BLOCKS]! * BLOCK_BYTES * 1000) / (performance.now() - start);
  }

  /** Writes my cells to where the other one sees them, after a block if there is one. */
  private push(block?: number): void {
    const { batch, peer } = this;
    let count = 0;
    if (block !== undefined) {
      const at = BLOCKS_AT + (block % WINDOW) * BLOCK_BYTES;
      batch.set([peer, at, at, BLOCK_BYTES, BORROWED], PUSH_STRIDE * count++);
    }
    batch.set([peer, MINE * 8, THEIRS * 8, CELLS * 8, CAPTURED], PUSH_STRIDE * count++);
    if (this.fabric.push(batch, count) < count) throw new Error('the fabric took only a part of a push');
  }

  /** Turns as members do while they have work: looks all the time, and lets others run where there is nothing. */
  private async turnUntil(isDone: () => boolean): Promise<void> {
    const { fabric, events } = this;
    while (!isDone()) {
      fabric.poll();
      // Counted over all waits: each may be short, and the event loop would never get its turn.
      if (++this.turns % TURNS > 0) {
        if (!isDone()) fabric.yieldProcessor();
        continue;
      }
      if (fabric.drain(events) > 0) throw new Lost(`the fabric lost the other process: ${this.notes.at(-1)}`);
      // Once it is over nobody waits any more, and this never goes on.
      await new Promise<void>(resolve => setImmediate(() => this.isOver || resolve()));
    }
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function tell(message: FromProbe): void {
  process.send!(message);
}

function refuse(error: unknown): void {
  const { message } = error as Error;
  tell(error instanceof Lost ? { lost: message } : { refusal: message });
}

let player: ProbePlayer | undefined;
process.once('disconnect', () => {
  if (player === undefined) process.exit();
  else player.close(() => process.exit());
});
process.on('SIGINT', () => undefined); // a terminal's Ctrl-C is for the launcher, which then hangs up
try {
  const made = new ProbePlayer(JSON.parse(process.argv[2]!) as ProbeTask);
  player = made;
  process.once('message', (other: ToProbe) => {
    made.play(other).then(result => tell({ result }), refuse);
  });
  tell(made.place);
} catch (error) {
  refuse(error);
}
