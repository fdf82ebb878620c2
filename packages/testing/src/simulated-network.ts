/**
 * SimulatedNetwork carries one-sided writes in virtual time, and is as unkind as the fabric contract allows.
 *
 * What it keeps: writes of one node to another become visible in the order posted, over all regions; a captured span
 * arrives as it was when posted; nothing lands in a closed region. What it does not give: any order inside a write (it
 * may land in pieces with turns of the target in between), any order between two links, any particular delay, and the
 * bytes of a borrowed span as they were when posted: those are read when they land, as late as possible, so a sender
 * that overwrites its ring too early is found out.
 *
 * A link is the way from one node to another. It has one event in the queue, for the next piece of its oldest write.
 * `landEarly` lands such a piece before its time; the world calls it in the middle of a turn.
 */
import { assert } from '@bowecho/core';
import type { EventQueue } from './event-queue.js';
import { noHazardCounts, type HazardCounts, type Hazards } from './hazards.js';
import { mix, type Random } from './random.js';
import { SimulatedFabric, type SimulatedRegion } from './simulated-fabric.js';

/** How a write lands. */
const WHOLE = 0;
const SPLIT = 1;
const SCATTERED = 2;

/** Below this many bytes a loop beats `set` and the view that it needs. */
const COPY_BY_HAND_BYTES = 160;

/** Room for the captured bytes of most writes: a row of counters. Many share one allocation. */
const CAPTURE_BYTES = 128;
const CHUNK_BYTES = 32 * CAPTURE_BYTES;

/** A write under way. Pooled: a link gives it back when it has landed. */
class Write {
  local!: SimulatedRegion;
  remote!: SimulatedRegion;
  from = 0;
  to = 0;
  length = 0;
  /** When its next piece is due, microseconds. */
  due = 0;
  isCaptured = false;
  /** Where a captured write's bytes are kept: `bytes[start .. start + room)`. */
  bytes: Uint8Array;
  start: number;
  room = CAPTURE_BYTES;
  manner = WHOLE;
  pieces = 1;
  landed = 0;
  /** Split: where the first and the second cut are. Scattered: `cutA` seeds which cell belongs to which piece. */
  cutA = 0;
  cutB = 0;

  constructor(chunk: Uint8Array, start: number) {
    this.bytes = chunk;
    this.start = start;
  }

  /** Keeps the bytes as they are now. */
  capture(): void {
    if (this.room < this.length) {
      this.bytes = new Uint8Array(this.length);
      this.start = 0;
      this.room = this.length;
    }
    copyBytes(this.local.bytes, this.from, this.bytes, this.start, this.length);
    this.isCaptured = true;
  }
}

/** The way from one node to another. */
export class Link {
  readonly writes: Write[] = [];
  /** The oldest write that has not landed wholly. */
  first = 0;
  lastDue = 0;
  isScheduled = false;

  constructor(
    readonly index: number,
    readonly source: number,
    readonly target: SimulatedFabric,
  ) {}

  get isIdle(): boolean {
    return this.first === this.writes.length;
  }
}

export interface NetworkOptions {
  /** Delay of a write, microseconds. */
  readonly minDelay: number;
  readonly maxDelay: number;
  readonly hazards: Hazards;
  /** The kind of the events that this network puts into the queue; their first operand is a link's index. */
  readonly eventKind: number;
}

export class SimulatedNetwork {
  readonly fabrics: SimulatedFabric[] = [];
  readonly links: Link[] = [];
  /** Pieces of writes that have landed. */
  landings = 0;
  /** How often each hazard struck; the world counts its own in it too. */
  readonly struck: HazardCounts = noHazardCounts();
  private readonly spare: Write[] = [];
  private chunk = new Uint8Array(CHUNK_BYTES);
  private chunkUsed = 0;

  constructor(
    private readonly queue: EventQueue,
    private readonly random: Random,
    readonly options: NetworkOptions,
  ) {}

  /** A new node of this network. */
  createFabric(): SimulatedFabric {
    const fabric = new SimulatedFabric(this, this.fabrics.length);
    this.fabrics.push(fabric);
    return fabric;
  }

  /** The way from `source` to `target`, made at first use. */
  linkBetween(source: number, target: SimulatedFabric): Link {
    let link = target.linksIn.find(candidate => candidate.source === source);
    if (link === undefined) {
      link = new Link(this.links.length, source, target);
      this.links.push(link);
      target.linksIn.push(link);
    }
    return link;
  }

  /** How many descriptors of a batch of `count` are taken now. */
  accepts(count: number): number {
    if (!this.random.chance(this.options.hazards.refuse)) return count;
    this.struck.refuse++;
    return this.random.below(count);
  }

  /** Posts one write. */
  post(
    link: Link,
    local: SimulatedRegion,
    remote: SimulatedRegion,
    from: number,
    to: number,
    length: number,
    isCaptured: boolean,
  ): void {
    const { random, options, queue } = this;
    const write = this.spare.pop() ?? this.createWrite();
    write.local = local;
    write.remote = remote;
    write.from = from;
    write.to = to;
    write.length = length;
    write.isCaptured = false;
    if (isCaptured) write.capture();
    this.chooseManner(write);
    const due = queue.now + random.between(options.minDelay, options.maxDelay);
    link.lastDue = write.due = due > link.lastDue ? due : link.lastDue;
    link.writes.push(write);
    this.schedule(link);
  }

  private createWrite(): Write {
    if (this.chunkUsed === CHUNK_BYTES) {
      this.chunk = new Uint8Array(CHUNK_BYTES);
      this.chunkUsed = 0;
    }
    const write = new Write(this.chunk, this.chunkUsed);
    this.chunkUsed += CAPTURE_BYTES;
    return write;
  }

  private chooseManner(write: Write): void {
    const { random } = this;
    const { split, scatter } = this.options.hazards;
    write.manner = WHOLE;
    write.pieces = 1;
    write.landed = 0;
    if (split + scatter === 0 || write.length < 2) return;
    if (random.chance(split)) {
      this.struck.split++;
      write.manner = SPLIT;
      const a = random.between(1, write.length - 1);
      const b = random.between(1, write.length - 1);
      write.cutA = a < b ? a : b;
      write.cutB = a < b ? b : a;
      write.pieces = a === b ? 2 : 3;
    } else if (random.chance(scatter)) {
      this.struck.scatter++;
      write.manner = SCATTERED;
      write.cutA = random.next();
      write.pieces = random.between(2, 3);
    }
  }

  private schedule(link: Link): void {
    if (link.isScheduled || link.isIdle) return;
    link.isScheduled = true;
    this.queue.push(link.writes[link.first]!.due, this.options.eventKind, link.index, 0);
  }

  /** The event of link `index`: lands what is due, up to the first piece that is not the last of its write. */
  land(index: number): void {
    const link = this.links[index]!;
    link.isScheduled = false;
    while (!link.isIdle && link.writes[link.first]!.due <= this.queue.now) {
      if (!this.landPiece(link)) break;
    }
    this.schedule(link);
  }

  /** Whether anything is on its way to `fabric`. */
  isBoundFor(fabric: SimulatedFabric): boolean {
    for (const link of fabric.linksIn) if (!link.isIdle) return true;
    return false;
  }

  /** Lands the next piece of some link into `fabric` before its time. False: nothing is on its way, or not on that link. */
  landEarly(fabric: SimulatedFabric): boolean {
    if (fabric.linksIn.length === 0) return false;
    const link = this.random.pick(fabric.linksIn);
    if (link.isIdle) return false;
    this.struck.midTurn++;
    this.landPiece(link);
    this.schedule(link);
    return true;
  }

  /** Lands the next piece of the oldest write of a link. Says whether that was its last. */
  private landPiece(link: Link): boolean {
    const write = link.writes[link.first]!;
    const { remote } = write;
    const piece = write.landed++;
    this.landings++;
    if (remote.isOpen) {
      copyPiece(write, piece);
      link.target.noticeLanding();
    }
    if (write.landed < write.pieces) {
      write.due = this.queue.now + this.random.between(0, this.options.maxDelay);
      return false;
    }
    this.spare.push(write);
    link.first++;
    if (link.isIdle) {
      link.writes.length = 0;
      link.first = 0;
    }
    return true;
  }

  /** The memory of `region` goes away: what is still borrowed from it is copied now. */
  captureBorrowed(region: SimulatedRegion): void {
    for (const link of this.links) {
      for (let i = link.first; i < link.writes.length; i++) {
        const write = link.writes[i]!;
        if (write.local === region && !write.isCaptured) write.capture();
      }
    }
  }
}

function copyPiece(write: Write, piece: number): void {
  const source = write.isCaptured ? write.bytes : write.local.bytes;
  const start = write.isCaptured ? write.start : write.from;
  const { length, to } = write;
  const target = write.remote.bytes;
  switch (write.manner) {
    case WHOLE:
      copyBytes(source, start, target, to, length);
      break;
    case SPLIT: {
      const from = piece === 0 ? 0 : piece === 1 ? write.cutA : write.cutB;
      const end = piece === write.pieces - 1 ? length : piece === 0 ? write.cutA : write.cutB;
      copyBytes(source, start + from, target, to + from, end - from);
      break;
    }
    case SCATTERED:
      for (let at = 0; at < length;) {
        const cell = (to + at) >> 3;
        const end = Math.min(length, ((cell + 1) << 3) - to);
        if ((mix(write.cutA, cell) >>> 0) % write.pieces === piece) {
          copyBytes(source, start + at, target, to + at, end - at);
        }
        at = end;
      }
      break;
    default:
      assert(false, `a write that lands in manner ${write.manner}`);
  }
}

function copyBytes(source: Uint8Array, from: number, target: Uint8Array, to: number, length: number): void {
  if (length < COPY_BY_HAND_BYTES) {
    for (let i = 0; i < length; i++) target[to + i] = source[from + i]!;
  } else {
    target.set(source.subarray(from, from + length), to);
  }
}
