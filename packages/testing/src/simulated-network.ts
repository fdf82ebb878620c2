/**
 * SimulatedNetwork carries one-sided writes in virtual time, and is as unkind as the fabric contract allows.
 *
 * What it keeps: writes of one node to another become visible in the order posted, over all regions; a captured span
 * arrives as it was when posted; nothing lands in a closed region. What it does not give: any order inside a write (it
 * may land in pieces with turns of the target in between), any order between two links, any particular delay, and the
 * bytes of a borrowed span as they were when posted: those are read when they land, as late as possible, so a sender
 * that overwrites its ring too early is found out. A quiet write wakes nobody when it lands.
 *
 * A link is the way from one node to another. It has one event in the queue, for the next piece of its oldest write.
 * `landEarly` lands such a piece before its time; the world calls it in the middle of a turn.
 *
 * Links break. One that is held lands nothing until it is released, and then in order. One that is severed loses what it
 * carries; where it is mended, the first write after the gap lands only inside a poll of its target, and that poll says
 * that writes were lost.
 */
import { CAPTURED, QUIET, assert } from '@bowecho/core';
import type { EventQueue } from './event-queue.js';
import { noFaultCounts, type FaultCounts } from './faults/fault-counts.js';
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
  /** Whether nobody is woken by it. */
  isQuiet = false;
  /** Where a captured write's bytes are kept: `bytes[start .. start + room)`. */
  bytes: Uint8Array;
  start: number;
  room = CAPTURE_BYTES;
  manner = WHOLE;
  pieces = 1;
  landed = 0;
  /** How many of its pieces ever land: all of them, but for the last write of a node that crashed. */
  landing = 1;
  /** Writes before it were lost: it is not to be seen before its target is told. */
  isAfterGap = false;
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
  /** By how many it is held, and by how many it is severed. */
  holds = 0;
  cuts = 0;
  /** Writes were lost, and none was posted since. */
  hasGap = false;
  /** Microseconds that each write takes longer. */
  extraDelay = 0;

  constructor(
    readonly index: number,
    readonly source: number,
    readonly target: SimulatedFabric,
  ) {}

  get isIdle(): boolean {
    return this.first === this.writes.length;
  }

  /** Whether a write is on its way that may land. */
  get isMoving(): boolean {
    return this.first < this.writes.length && this.holds === 0 && !this.writes[this.first]!.isAfterGap;
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
  /** How often each fault had an effect; whoever lets faults happen counts in it too. */
  readonly fired: FaultCounts = noFaultCounts();
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
    flags: number,
  ): void {
    const { random, options, queue } = this;
    if (link.cuts > 0) {
      link.hasGap = true;
      this.fired.cutLostWrites++;
      return;
    }
    const write = this.spare.pop() ?? this.createWrite();
    write.local = local;
    write.remote = remote;
    write.from = from;
    write.to = to;
    write.length = length;
    write.isCaptured = false;
    write.isQuiet = (flags & QUIET) !== 0;
    if ((flags & CAPTURED) !== 0) write.capture();
    write.isAfterGap = link.hasGap;
    link.hasGap = false;
    this.chooseManner(write);
    if (link.extraDelay > 0) this.fired.slowWrites++;
    const due = queue.now + random.between(options.minDelay, options.maxDelay) + link.extraDelay;
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
    write.landing = 1;
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
    write.landing = write.pieces;
  }

  private schedule(link: Link): void {
    if (link.isScheduled || link.isIdle || link.holds > 0) return;
    link.isScheduled = true;
    this.queue.push(link.writes[link.first]!.due, this.options.eventKind, link.index, 0);
  }

  /** The event of link `index`: lands what is due, up to the first piece that is not the last of its write. */
  land(index: number): void {
    const link = this.links[index]!;
    link.isScheduled = false;
    while (link.isMoving && link.writes[link.first]!.due <= this.queue.now) {
      if (!this.landPiece(link)) break;
    }
    if (this.isAtGap(link)) link.target.noticeGap(link);
    else this.schedule(link);
  }

  /** Whether the next write of a link is due, and waits for a poll of its target because writes before it were lost. */
  private isAtGap(link: Link): boolean {
    if (link.isIdle || link.holds > 0) return false;
    const { isAfterGap, due } = link.writes[link.first]!;
    return isAfterGap && due <= this.queue.now;
  }

  /** Inside a poll of its target: lands the first piece after a gap. Says whether there is one. */
  landAfterGap(link: Link): boolean {
    if (!this.isAtGap(link)) return false;
    link.writes[link.first]!.isAfterGap = false;
    this.landPiece(link);
    this.schedule(link);
    return true;
  }

  /** Whether anything is on its way to `fabric`. */
  isBoundFor(fabric: SimulatedFabric): boolean {
    for (const link of fabric.linksIn) if (link.isMoving) return true;
    return false;
  }

  /** Lands the next piece of some link into `fabric` before its time. False: nothing is on its way, or not on that link. */
  landEarly(fabric: SimulatedFabric): boolean {
    if (fabric.linksIn.length === 0) return false;
    const link = this.random.pick(fabric.linksIn);
    if (!link.isMoving) return false;
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
    if (!remote.isOpen) {
      this.fired.lateWrites++;
    } else if (!link.target.isDown) {
      copyPiece(write, piece);
      if (!write.isQuiet) link.target.noticeLanding();
    }
    if (write.landed < write.landing) {
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

  /** How many writes of a link have not landed wholly. */
  underWay(link: Link): number {
    return link.writes.length - link.first;
  }

  /** Nothing of a link lands until it is released. Returns how many writes are under way. */
  hold(link: Link): number {
    link.holds++;
    return this.underWay(link);
  }

  /** What was held lands now, in order, one write after another. */
  release(link: Link): void {
    const { random, queue, options } = this;
    if (--link.holds > 0) return;
    let due = queue.now;
    for (let i = link.first; i < link.writes.length; i++) {
      const write = link.writes[i]!;
      due = Math.max(write.due, due + random.below(options.minDelay + 1));
      write.due = due;
    }
    if (due > link.lastDue) link.lastDue = due;
    this.schedule(link);
  }

  /** A link loses all that it carries but the first `kept` writes, and all that is posted until it is mended. */
  sever(link: Link, kept: number): void {
    link.cuts++;
    this.fired.cutLostWrites += this.lose(link, kept, false).lost;
  }

  /** Writes posted from now on land, and the first of them with word that others were lost. */
  mend(link: Link): void {
    link.cuts--;
  }

  /**
   * Of the writes under way only the first `kept` land; where it may, the next one lands in part.
   *
   * @returns how many do not land wholly
   */
  lose(link: Link, kept: number, mayTear: boolean): { readonly lost: number; readonly isTorn: boolean } {
    if (link.isIdle) return { lost: 0, isTorn: false };
    const { first, writes } = link;
    const end = first + kept;
    const lost = writes.length - end;
    if (lost === 0) return { lost, isTorn: false };
    link.hasGap = true;
    const last = writes[end]!;
    const isCut = mayTear && last.pieces > 1 && last.landed === 0 && !last.isAfterGap;
    if (isCut) last.landing = 1;
    const isTorn = isCut || last.landed > 0;
    for (const write of writes.splice(isCut ? end + 1 : end)) this.spare.push(write);
    if (link.isIdle) {
      link.writes.length = 0;
      link.first = 0;
    }
    return { lost, isTorn };
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
