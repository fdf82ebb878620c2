/**
 * ExploredFabric is a node's fabric in an exploration: what it posts stays on its links until the explorer lets it land.
 * It is no kinder than the contract: a borrowed span is copied when it lands, and a link lands in order.
 *
 * A region that is closed shows zeros from then on. It is not detached, as the simulated fabric does it: the search goes back to
 * states in which it was open.
 */
import {
  CAPTURED,
  PUSH_FLAGS,
  PUSH_LENGTH,
  PUSH_LOCAL_OFFSET,
  PUSH_PEER,
  PUSH_REMOTE_OFFSET,
  PUSH_STRIDE,
  assert,
  type Fabric,
  type Peer,
  type Region,
} from '@bowecho/core';

export class ExploredRegion implements Region {
  readonly memory: ArrayBuffer;
  readonly bytes: Uint8Array;
  isOpen = true;

  constructor(
    readonly node: number,
    readonly index: number,
    bytes: number,
    private readonly links: readonly Link[],
  ) {
    this.memory = new ArrayBuffer(bytes);
    this.bytes = new Uint8Array(this.memory);
  }

  get key(): Uint8Array {
    return Uint8Array.of(this.index);
  }

  close(): void {
    if (!this.isOpen) return;
    for (const link of this.links) link.captureBorrowed(this);
    this.isOpen = false;
    this.bytes.fill(0);
  }
}

/** A write under way. Never changed: what it borrows is looked up when it lands. */
export class Write {
  constructor(
    readonly local: ExploredRegion,
    readonly remote: ExploredRegion,
    readonly at: number,
    readonly length: number,
    /** Its bytes as they were when it was posted; undefined where they are borrowed. */
    readonly captured: Uint8Array | undefined,
  ) {}

  /** As they would land now. */
  get bytes(): Uint8Array {
    return this.captured ?? this.local.bytes.subarray(this.at, this.at + this.length);
  }

  land(): void {
    if (this.remote.isOpen) this.remote.bytes.set(this.bytes, this.at);
  }
}

/** The way from one node to another. */
export class Link {
  /** Oldest first. */
  writes: Write[] = [];

  constructor(
    readonly source: number,
    readonly target: number,
  ) {}

  /** Lets the first `count` land, in order. */
  land(count: number): void {
    for (const write of this.writes.splice(0, count)) write.land();
  }

  captureBorrowed(region: ExploredRegion): void {
    this.writes = this.writes.map(write => {
      const { local, remote, at, length, captured } = write;
      if (local !== region || captured !== undefined) return write;
      return new Write(local, remote, at, length, write.bytes.slice());
    });
  }
}

/** The way from a local region to a remote one. */
interface Path {
  readonly link: Link;
  readonly local: ExploredRegion;
  readonly remote: ExploredRegion;
}

export class ExploredFabric implements Fabric {
  readonly address: Uint8Array;
  readonly regions: ExploredRegion[] = [];
  private readonly paths: Path[] = [];
  /** By path: whether it is still connected. */
  private readonly connected: boolean[] = [];

  /** What of it changes. */
  get mutable(): readonly object[] {
    return [this.regions, this.paths, this.connected];
  }

  /**
   * @param fabrics of all nodes, by node
   * @param links from this node, by target
   * @param isAlive whether anything can land at that node
   */
  constructor(
    readonly node: number,
    private readonly fabrics: readonly ExploredFabric[],
    private readonly links: readonly Link[],
    private readonly isAlive: (node: number) => boolean,
  ) {
    this.address = Uint8Array.of(node);
  }

  register(bytes: number): Region {
    const region = new ExploredRegion(this.node, this.regions.length, bytes, this.links);
    this.regions.push(region);
    return region;
  }

  connect(address: Uint8Array, key: Uint8Array, local: Region): Peer {
    const target = address[0]!;
    const remote = this.fabrics[target]!.regions[key[0]!];
    assert(remote !== undefined && local instanceof ExploredRegion, `no region ${key[0]} at node ${target}`);
    this.connected.push(true);
    return { index: this.paths.push({ link: this.links[target]!, local, remote }) - 1 };
  }

  disconnect({ index }: Peer): void {
    this.connected[index] = false;
  }

  push(batch: Int32Array, count: number): number {
    for (let i = 0; i < count; i++) {
      const first = i * PUSH_STRIDE;
      const peer = batch[first + PUSH_PEER]!;
      const { link, local, remote } = this.paths[peer]!;
      if (!this.connected[peer] || !remote.isOpen || !this.isAlive(link.target)) continue; // nothing of it would ever be seen
      const at = batch[first + PUSH_LOCAL_OFFSET]!;
      const length = batch[first + PUSH_LENGTH]!;
      assert(at === batch[first + PUSH_REMOTE_OFFSET], 'tables lie alike everywhere');
      assert(local.isOpen, `push from a closed region of node ${this.node}`);
      const isCaptured = (batch[first + PUSH_FLAGS]! & CAPTURED) !== 0;
      const captured = isCaptured ? local.bytes.slice(at, at + length) : undefined;
      link.writes.push(new Write(local, remote, at, length, captured));
    }
    return count;
  }

  /** Everything has landed already that lands before a turn. */
  poll(): number {
    return 0;
  }

  /** Who is lost is told beside the fabric. */
  drain(): number {
    return 0;
  }

  /** Who takes a turn is the explorer's choice. */
  arm(): boolean {
    return true;
  }

  yieldProcessor(): void {}

  close(onClosed: () => void): void {
    for (const region of this.regions) region.close();
    onClosed();
  }
}
