/**
 * What the members of a stress run do, one game per hunt. A game is asked for steps until it is done; a step writes, pushes
 * and checks, and throws what it found.
 */
import { CAPTURED, PUSH_STRIDE, type Fabric, type Peer } from '@bowecho/core';
import {
  BALLS_AT,
  BLOCK_AT,
  BLOCK_CELLS,
  CELL_BYTES,
  CONSUMED_AT,
  DECOY_AT,
  RING_AT,
  RING_BYTES,
  ROW_BYTES,
  TAIL_AT,
  blockSum,
  byteAt,
  isWhole,
  wholeCell,
} from './stress-row.js';
import type { Orders } from './stress-link.js';

/** More than a core's own caches hold. */
const COLD_BYTES = 1 << 26;
/** About as many as wait in a processor at once. */
const DELAYING_STORES = 48;

export interface Game {
  /** Whether anything was done. */
  step(): boolean;
  /** Whether a step would do anything, for games whose members sleep. */
  readonly isPending: boolean;
  /** By rank: the last ball hit there, where there are balls. */
  readonly hits: readonly number[];
  readonly isDone: boolean;
}

/** The memory of a member, and its ways to the others. */
export class Board {
  readonly cells: Float64Array;
  readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly batch = new Int32Array(64 * PUSH_STRIDE);
  private count = 0;

  constructor(
    readonly orders: Orders,
    readonly fabric: Fabric,
    memory: ArrayBuffer,
    /** By rank; none to myself. */
    readonly peers: readonly (Peer | undefined)[],
  ) {
    this.cells = new Float64Array(memory);
    this.bytes = new Uint8Array(memory);
    this.words = new Int32Array(memory);
  }

  cell(rank: number, at: number): number {
    return (rank * ROW_BYTES + at) / CELL_BYTES;
  }

  /** Adds a span of my row to the batch for one other, or for all. */
  add(at: number, length: number, to?: number): void {
    const from = this.orders.rank * ROW_BYTES + at;
    this.peers.forEach((peer, rank) => {
      if (peer === undefined || (to !== undefined && to !== rank)) return;
      this.batch.set([peer.index, from, from, length, CAPTURED], this.count++ * PUSH_STRIDE);
    });
  }

  /** A fabric that is full gets room by polling. */
  push(): void {
    while (this.count > 0) {
      const accepted = this.fabric.push(this.batch, this.count);
      this.batch.copyWithin(0, accepted * PUSH_STRIDE, this.count * PUSH_STRIDE);
      this.count -= accepted;
      if (this.count > 0) this.fabric.poll();
    }
  }

  /** Whether each cell lands whole, as over a network's stream it may not. */
  get landsCellsWhole(): boolean {
    return this.orders.fabric === 'shared-memory';
  }

  /** What is read after this is not older than what was read before; plain loads alone promise that on x86 only. */
  fence(): void {
    Atomics.load(this.words, 0);
  }

  get others(): number[] {
    return this.peers.flatMap((peer, rank) => (peer === undefined ? [] : [rank]));
  }
}

export class TornCounters implements Game {
  readonly isPending = false;
  readonly hits = [];
  private frame = 0;
  private readonly seen: number[];

  constructor(private readonly board: Board) {
    this.seen = board.peers.map(() => 0);
  }

  get isDone(): boolean {
    const { count } = this.board.orders;
    return this.frame === count && this.board.others.every(rank => this.seen[rank] === count);
  }

  step(): boolean {
    for (const rank of this.board.others) this.check(rank);
    if (this.frame === this.board.orders.count) return false;
    this.frame++;
    const { cells } = this.board;
    const at = this.board.cell(this.board.orders.rank, BLOCK_AT);
    cells[at] = this.frame;
    for (let i = 0; i < BLOCK_CELLS - 2; i++) cells[at + 1 + i] = wholeCell(this.frame + i);
    cells[at + BLOCK_CELLS - 1] = this.frame;
    this.board.add(BLOCK_AT, BLOCK_CELLS * CELL_BYTES);
    this.board.push();
    return true;
  }

  /** From the last cell to the first, as blocks are read that are written from the first to the last. */
  private check(rank: number): void {
    const { cells } = this.board;
    const at = this.board.cell(rank, BLOCK_AT);
    const last = cells[at + BLOCK_CELLS - 1]!;
    this.board.fence();
    let sum = 0;
    for (let i = BLOCK_CELLS - 2; i > 0; i--) {
      const cell = cells[at + i]!;
      if (this.board.landsCellsWhole && !isWhole(cell))
        throw new Error(`a torn cell ${i} of member ${rank}: ${cell}`);
      sum += cell;
    }
    this.board.fence();
    const first = cells[at]!;
    if (first !== last && !this.board.landsCellsWhole) return; // also the frame cells may be in the middle of landing
    if (last < this.seen[rank]!) throw new Error(`frame ${last} of member ${rank} after ${this.seen[rank]}`);
    this.seen[rank] = last;
    if (first === last && first > 0 && sum !== blockSum(first)) {
      throw new Error(
        `a torn block of member ${rank}: frame ${first}, sum ${sum} and not ${blockSum(first)}`,
      );
    }
  }
}

export class BytesBeforeCounter implements Game {
  readonly isPending = false;
  readonly hits = [];
  private published = 0;
  private readonly consumed: number[];

  constructor(private readonly board: Board) {
    this.consumed = board.peers.map(() => 0);
  }

  get isDone(): boolean {
    const { count } = this.board.orders;
    return this.published === count && this.board.others.every(rank => this.consumed[rank] === count);
  }

  step(): boolean {
    let worked = this.publish();
    for (const rank of this.board.others) worked = this.check(rank) || worked;
    if (worked) this.board.push();
    return worked;
  }

  private publish(): boolean {
    const { board } = this;
    const { rank: me, count } = board.orders;
    const taken = board.others.map(rank => board.cells[board.cell(rank, CONSUMED_AT) + me]!);
    const free = RING_BYTES - (this.published - Math.min(...taken));
    const length = Math.min(free, count - this.published, 1 + ((this.published * 7919) % 500));
    if (length === 0) return false;
    const ring = me * ROW_BYTES + RING_AT;
    for (let i = 0; i < length; i++) {
      board.bytes[ring + ((this.published + i) % RING_BYTES)] = byteAt(this.published + i);
    }
    const from = this.published % RING_BYTES;
    const whole = Math.min(length, RING_BYTES - from);
    board.add(RING_AT + from, whole);
    if (whole < length) board.add(RING_AT, length - whole);
    this.published += length;
    board.cells[board.cell(me, TAIL_AT)] = this.published;
    board.add(TAIL_AT, CELL_BYTES);
    return true;
  }

  private check(rank: number): boolean {
    const { board } = this;
    const tail = board.cells[board.cell(rank, TAIL_AT)]!;
    const from = this.consumed[rank]!;
    if (tail === from) return false;
    board.fence();
    const ring = rank * ROW_BYTES + RING_AT;
    for (let position = from; position < tail; position++) {
      const byte = board.bytes[ring + (position % RING_BYTES)]!;
      if (byte === byteAt(position)) continue;
      throw new Error(
        `a counter before its bytes: member ${rank} published ${tail}, and byte ${position} is ${byte}`,
      );
    }
    this.consumed[rank] = tail;
    board.cells[board.cell(board.orders.rank, CONSUMED_AT) + rank] = tail;
    board.add(CONSUMED_AT, CELL_BYTES * board.peers.length);
    return true;
  }
}

/**
 * Ping-pong by counting: the lower of two ranks serves and counts on, the other answers with the same number. Before each ball goes
 * a decoy in a push of its own, so that the ball often finds a word that says LANDED already. And stores that miss every cache:
 * the ball's waits behind them in the processor while loads go on, so that a missing barrier shows soon.
 */
export class Balls implements Game {
  private readonly partners: readonly number[];
  private readonly cold = new Int32Array(COLD_BYTES / Int32Array.BYTES_PER_ELEMENT).fill(1);
  private draws = 1;

  /** @param players ranks below this play, each with each */
  constructor(
    private readonly board: Board,
    players: number,
  ) {
    const { rank: me } = board.orders;
    this.partners = me < players ? board.others.filter(rank => rank < players) : [];
  }

  get isPending(): boolean {
    return this.partners.some(rank => this.next(rank) !== undefined);
  }

  get isDone(): boolean {
    return this.partners.every(
      rank => this.mine(rank) === this.board.orders.count && this.next(rank) === undefined,
    );
  }

  step(): boolean {
    let worked = false;
    for (const rank of this.partners) {
      const ball = this.next(rank);
      if (ball === undefined) continue;
      worked = true;
      const { rank: me } = this.board.orders;
      this.board.add(DECOY_AT, CELL_BYTES, rank);
      this.board.push();
      this.board.cells[this.board.cell(me, BALLS_AT) + rank] = ball;
      this.board.add(BALLS_AT + rank * CELL_BYTES, CELL_BYTES, rank);
      this.delayStores();
      this.board.push();
    }
    return worked;
  }

  private delayStores(): void {
    for (let i = 0; i < DELAYING_STORES; i++) {
      this.draws = (Math.imul(this.draws, 1103515245) + 12345) >>> 0;
      this.cold[this.draws % this.cold.length] = i;
    }
  }

  get hits(): readonly number[] {
    return this.board.peers.map((_, rank) => (this.partners.includes(rank) ? this.mine(rank) : 0));
  }

  private mine(rank: number): number {
    return this.board.cells[this.board.cell(this.board.orders.rank, BALLS_AT) + rank]!;
  }

  /** What I would hit to that partner now. */
  private next(rank: number): number | undefined {
    const { rank: me, count } = this.board.orders;
    const theirs = this.board.cells[this.board.cell(rank, BALLS_AT) + me]!;
    const mine = this.mine(rank);
    if (me > rank) return theirs > mine ? theirs : undefined;
    return theirs === mine && mine < count ? mine + 1 : undefined;
  }
}

/** The two who play alone have the third, who only sleeps, to compete with for processors. */
export function gameOf(board: Board): Game {
  switch (board.orders.hunt) {
    case 'torn counters':
      return new TornCounters(board);
    case 'bytes after their counter':
      return new BytesBeforeCounter(board);
    case 'lost wake-ups':
      return new Balls(board, 2);
    case 'lost wake-ups of many':
      return new Balls(board, board.orders.members);
  }
}
