/**
 * SimulatedFabric is one node of a `SimulatedNetwork`, seen through core's `Fabric` contract.
 *
 * It owns the node's regions and the paths out of it; how and when bytes land is the network's business. A region that
 * is closed is detached at once, as an unmapped one would be: whoever still looks at it sees a length of 0, and what was
 * borrowed from it but is still under way is copied first. Bytes become visible whenever they land, not only at `poll`.
 */
import {
  BowechoError,
  EVENT_PEER_FAILED,
  EVENT_STRIDE,
  EVENT_WRITES_LOST,
  PUSH_FLAGS,
  PUSH_LENGTH,
  PUSH_LOCAL_OFFSET,
  PUSH_PEER,
  PUSH_REMOTE_OFFSET,
  PUSH_STRIDE,
  assert,
  fail,
  type Fabric,
  type Peer,
  type Region,
} from '@bowecho/core';
import type { Link, SimulatedNetwork } from './simulated-network.js';

export class SimulatedRegion implements Region {
  readonly memory: ArrayBuffer;
  readonly bytes: Uint8Array;
  isOpen = true;

  constructor(
    readonly owner: SimulatedFabric,
    readonly key: Uint8Array,
    bytes: number,
  ) {
    this.memory = new ArrayBuffer(bytes);
    this.bytes = new Uint8Array(this.memory);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.owner.network.captureBorrowed(this);
    structuredClone(this.memory, { transfer: [this.memory] });
  }
}

interface Path {
  readonly link: Link;
  readonly local: SimulatedRegion;
  readonly remote: SimulatedRegion;
  isOpen: boolean;
}

/** Something that happens at a node after `left` more of what it counts. `burn` says whether the node stops there. */
export interface Fuse {
  left: number;
  burn: () => boolean;
}

export class SimulatedFabric implements Fabric {
  readonly address: Uint8Array;
  /** Ways into this node. */
  readonly linksIn: Link[] = [];
  /** The node has crashed: it posts nothing, and nothing lands there. */
  isDown = false;
  /** Counts the writes that are posted; the node may stop between any two of them. */
  fuse: Fuse | undefined;
  private readonly regions: SimulatedRegion[] = [];
  private readonly paths: Path[] = [];
  /** Whether something landed here since the last poll. */
  private hasLanded = false;
  /** Whether a push was taken only in part; there is room again at once. */
  private hasRefused = false;
  private onReady: (() => void) | undefined;
  /** Ways into this node whose next write comes after a gap, and is due. */
  private readonly gaps: Link[] = [];
  /** Events to be drained, as kind and peer; and what is told about every peer at such a node. */
  private readonly events: number[] = [];
  private readonly told: (readonly [kind: number, node: number])[] = [];

  constructor(
    readonly network: SimulatedNetwork,
    readonly node: number,
  ) {
    this.address = writeNumber(node);
  }

  register(bytes: number): Region {
    const region = new SimulatedRegion(this, writeNumber(this.regions.length), bytes);
    this.regions.push(region);
    return region;
  }

  connect(address: Uint8Array, key: Uint8Array, local: Region): Peer {
    assert(
      local instanceof SimulatedRegion && local.owner === this,
      'the local region belongs to another fabric',
    );
    const target = this.network.fabrics[readNumber(address)];
    const remote = target?.regions[readNumber(key)];
    if (target === undefined || remote === undefined) {
      throw new BowechoError(
        'HALTED',
        `no region ${readNumber(key)} at simulated node ${readNumber(address)}`,
      );
    }
    const index = this.paths.length;
    this.paths.push({ link: this.network.linkBetween(this.node, target), local, remote, isOpen: true });
    for (const [kind, node] of this.told) if (node === target.node) this.events.push(kind, index);
    return { index };
  }

  disconnect(peer: Peer): void {
    this.path(peer.index).isOpen = false;
  }

  push(batch: Int32Array, count: number): number {
    if (count === 0 || this.isDown) return 0;
    const accepted = this.network.accepts(count);
    for (let i = 0; i < accepted; i++) {
      if (this.fuse !== undefined && this.burnsOut(this.fuse)) {
        this.hasRefused = true;
        return i;
      }
      const at = i * PUSH_STRIDE;
      const { link, local, remote, isOpen } = this.path(batch[at + PUSH_PEER]!);
      const from = batch[at + PUSH_LOCAL_OFFSET]!;
      const to = batch[at + PUSH_REMOTE_OFFSET]!;
      const length = batch[at + PUSH_LENGTH]!;
      if (!isOpen) continue;
      assert(local.isOpen, `push from a closed region of node ${this.node}`);
      if (from < 0 || to < 0 || length < 0 || from + length > local.bytes.length) {
        fail(`push of ${length} bytes from ${from} to ${to}, out of a region of ${local.bytes.length}`);
      }
      if (!remote.isOpen) continue; // nothing of it would land, whenever it arrives
      if (to + length > remote.bytes.length) {
        fail(`push of ${length} bytes to ${to}, into a region of ${remote.bytes.length}`);
      }
      this.network.post(link, local, remote, from, to, length, batch[at + PUSH_FLAGS]!);
    }
    this.hasRefused = accepted < count;
    return accepted;
  }

  private burnsOut(fuse: Fuse): boolean {
    if (fuse.left-- > 0) return false;
    this.fuse = undefined;
    return fuse.burn();
  }

  poll(): number {
    if (this.gaps.length > 0) {
      for (const link of this.gaps.splice(0)) {
        if (!this.network.landAfterGap(link)) continue;
        this.network.fired.cutToldReader++;
        this.report(EVENT_WRITES_LOST, link.source);
      }
    }
    const work = this.hasLanded ? 1 : 0;
    this.hasLanded = false;
    return work;
  }

  drain(events: Int32Array): number {
    if (this.events.length === 0) return 0;
    const taken = this.events.splice(0, events.length - (events.length % EVENT_STRIDE));
    let count = 0;
    for (let at = 0; at < taken.length; at += EVENT_STRIDE) {
      if (!this.path(taken[at + 1]!).isOpen) continue; // it has been disconnected since
      events[count * EVENT_STRIDE] = taken[at]!;
      events[count * EVENT_STRIDE + 1] = taken[at + 1]!;
      count++;
    }
    return count;
  }

  /** The peers at that node take no writes any more. False: that was reported before. */
  reportFailed(node: number): boolean {
    return this.report(EVENT_PEER_FAILED, node);
  }

  /** Whoever is connected to that node, now or later, is told. */
  private report(kind: number, node: number): boolean {
    if (this.told.some(before => before[0] === kind && before[1] === node)) return false;
    this.told.push([kind, node]);
    this.paths.forEach((path, index) => {
      if (path.link.target.node === node) this.events.push(kind, index);
    });
    this.noticeLanding();
    return true;
  }

  /** How many of its regions are open. */
  get openRegions(): number {
    return this.regions.reduce((count, { isOpen }) => count + (isOpen ? 1 : 0), 0);
  }

  /** Whether an event has been given to the owner of this fabric, or waits for it. */
  get hasTold(): boolean {
    return this.told.length > 0;
  }

  /** Who has the processor is the world's choice. */
  yieldProcessor(): void {}

  arm(onReady: () => void): boolean {
    if (this.hasLanded || this.hasRefused) {
      this.hasRefused = false;
      return false;
    }
    this.onReady = onReady;
    return true;
  }

  close(onClosed: () => void): void {
    this.onReady = undefined;
    for (const region of this.regions) region.close();
    onClosed();
  }

  /** Called by the network: bytes have changed here. */
  noticeLanding(): void {
    this.hasLanded = true;
    if (this.onReady === undefined) return;
    const wake = this.onReady;
    this.onReady = undefined;
    wake();
  }

  /** Called by the network: the next write of that link may be shown only together with the news of what was lost. */
  noticeGap(link: Link): void {
    if (!this.gaps.includes(link)) this.gaps.push(link);
    this.noticeLanding();
  }

  private path(index: number): Path {
    const path = this.paths[index];
    if (path === undefined) fail(`no peer ${index} among ${this.paths.length}`);
    return path;
  }
}

/** Addresses and keys are numbers, in four bytes. */
function writeNumber(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
}

function readNumber(bytes: Uint8Array): number {
  return (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0;
}
