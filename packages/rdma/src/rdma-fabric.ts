/**
 * RdmaFabric keeps the contract of core's `Fabric` over one transport, or over two side by side: then a region is open to
 * both, and each peer is reached by the first that works, so one group may have members on this machine and on others.
 *
 * A fabric that nobody closes is closed when it is collected, unless it sleeps.
 */
import {
  BowechoError,
  EVENT_STRIDE,
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
import { unreadable } from './layout.js';
import { MemoryRegion } from './memory-region.js';
import type { NativeAddon, NativePushTable } from './native.js';
import { decodeParts, encodeParts, type Parts } from './parts.js';
import type { Connection, Destination, Transport, TransportListener } from './transport.js';

/** Whoever has peers by one transport of two may hear why it is not the other. */
export type Say = (words: string) => void;

/** What went over a network so far, not over shared memory. */
export interface NetworkCounts {
  /** Pushes, counted for each peer that one went to. */
  readonly pushes: number;
  /** Writes that they became, and the bytes of those. */
  readonly writes: number;
  readonly bytes: number;
}

/** Makes a transport for a fabric. */
export type TransportMaker = (listener: TransportListener) => Transport;

/** A peer's address, and how it is reached. */
interface Reached {
  readonly name: string;
  readonly transport: Transport;
  readonly destination: Destination;
  /** The peer indexes of the open ways there. */
  readonly ways: Set<number>;
}

interface Failure {
  readonly event: number;
  readonly peer: number;
}

interface Way {
  readonly reached: Reached;
  readonly local: MemoryRegion;
  readonly connection: Connection;
}

/** All of them, or none: those that were made before one failed are closed again. */
function makeAll(makers: readonly TransportMaker[], listener: TransportListener): Transport[] {
  const made: Transport[] = [];
  try {
    for (const make of makers) made.push(make(listener));
    return made;
  } catch (error) {
    for (const transport of made) transport.close(() => {});
    throw error;
  }
}

/** What waits to be woken is not garbage, even if nobody else knows it. */
const sleepers = new Set<RdmaFabric>();

export class RdmaFabric implements Fabric {
  readonly address: Uint8Array;
  /** Best first. */
  readonly transports: readonly Transport[];
  private readonly table: NativePushTable;
  private readonly pushNow: NativePushTable['push'];
  private readonly regions = new Set<MemoryRegion>();
  private readonly ways = new Map<number, Way>();
  /** By address, as text. */
  private readonly reached = new Map<string, Reached>();
  /** What nobody has drained yet, oldest first. */
  private readonly failures: Failure[] = [];
  /** The array that the addon reads batches from. Held here, so that it lives as long as the addon may look. */
  private batch: Int32Array | undefined;
  private onReady: (() => void) | undefined;
  private isOpen = true;
  private openTransports: number;
  private readonly closeCalls: (() => void)[] = [];

  /**
   * @param makers best first; at least one
   * @throws what a maker throws
   */
  constructor(
    private readonly addon: NativeAddon,
    makers: readonly TransportMaker[],
    private readonly say: Say,
  ) {
    const listener: TransportListener = {
      onReady: () => this.wake(),
      onFailure: (destination, event) => this.peerFailed(destination, event),
    };
    this.transports = makeAll(makers, listener);
    this.openTransports = this.transports.length;
    this.table = new addon.PushTable();
    this.pushNow = this.table.push;
    this.address = encodeParts(
      new Map(this.transports.map(transport => [transport.number, transport.address])),
    );
  }

  /**
   * @param bytes at most 2^31 - 1
   * @throws BowechoError MEMORY_UNAVAILABLE
   */
  register(bytes: number): Region {
    assert(this.isOpen, 'register on a closed fabric');
    const region = new MemoryRegion(this.addon, bytes, this.transports, closed =>
      this.regions.delete(closed),
    );
    this.regions.add(region);
    return region;
  }

  /**
   * @param local a region of this fabric
   * @throws BowechoError PEER_UNREACHABLE
   */
  connect(address: Uint8Array, key: Uint8Array, local: Region): Peer {
    assert(this.isOpen, 'connect on a closed fabric');
    assert(local instanceof MemoryRegion, 'the local region belongs to another fabric');
    assert(this.regions.has(local), 'the local region is closed or belongs to another fabric');
    const keys = decodeParts(key, 'region key');
    const name = Buffer.from(address).toString('hex');
    const reached = this.reached.get(name) ?? this.reach(name, decodeParts(address, 'address'));
    try {
      const { transport } = reached;
      const wanted = keys.get(transport.number);
      if (wanted === undefined) unreadable('region key', `it has nothing for ${transport.name}`);
      const connection = reached.destination.connect(this.table, local, wanted);
      const { index } = connection;
      reached.ways.add(index);
      this.ways.set(index, { reached, local, connection });
      return { index };
    } finally {
      this.closeIfUnused(reached);
    }
  }

  disconnect(peer: Peer): void {
    const way = this.ways.get(peer.index);
    if (way === undefined) return; // it was disconnected before, or the fabric was closed
    this.ways.delete(peer.index);
    this.table.remove(peer.index);
    way.connection.close();
    way.reached.ways.delete(peer.index);
    this.closeIfUnused(way.reached);
    const pending = this.failures.filter(failure => failure.peer !== peer.index);
    this.failures.splice(0, this.failures.length, ...pending);
  }

  push(batch: Int32Array, count: number): number {
    if (batch !== this.batch) {
      this.table.useBatch(batch);
      this.batch = batch;
    }
    if (count * PUSH_STRIDE > batch.length) {
      fail(`push of ${count} descriptors from a batch of ${batch.length / PUSH_STRIDE}`);
    }
    const refused = this.pushNow(count);
    if (refused !== undefined) this.failPush(batch, refused);
    return count;
  }

  poll(): number {
    if (this.onReady !== undefined) this.takeOnReady();
    const { transports } = this;
    let landed = 0;
    for (let i = 0; i < transports.length; i++) landed += transports[i]!.poll(); // every turn: without an iterator
    return landed;
  }

  drain(events: Int32Array): number {
    if (this.failures.length === 0) return 0;
    const taken = this.failures.splice(0, Math.floor(events.length / EVENT_STRIDE));
    taken.forEach(({ event, peer }, i) => events.set([event, peer], i * EVENT_STRIDE));
    return taken.length;
  }

  arm(onReady: () => void): boolean {
    if (!this.isOpen) return true; // nothing lands any more, so there is nobody to call
    if (this.failures.length > 0) return false;
    for (const transport of this.transports) {
      // Those that were armed before may call later: nobody sleeps then, and it does no harm.
      if (!transport.arm()) return false;
    }
    this.onReady = onReady;
    sleepers.add(this);
    return true;
  }

  /** For benchmarks and people; zeros where there is no network. */
  networkCounts(): NetworkCounts {
    const none = { pushes: 0, writes: 0, bytes: 0 };
    return this.transports.reduce((sum, { counts }) => {
      if (counts === undefined) return sum;
      const { pushes, writes, bytes } = counts();
      return { pushes: sum.pushes + pushes, writes: sum.writes + writes, bytes: sum.bytes + bytes };
    }, none);
  }

  /** Armed, and not woken since. */
  get isAsleep(): boolean {
    return this.onReady !== undefined;
  }

  /** Closed, and `onClosed` is still to be called. */
  get isClosing(): boolean {
    return !this.isOpen && this.openTransports > 0;
  }

  yieldProcessor(): void {
    this.addon.yieldProcessor();
  }

  /** Ends all ways, then closes everything. `onClosed` may be called at once. Twice is allowed. */
  close(onClosed: () => void): void {
    this.closeCalls.push(onClosed);
    if (this.isOpen) {
      this.isOpen = false;
      this.takeOnReady();
      for (const index of [...this.ways.keys()]) this.disconnect({ index });
      for (const region of [...this.regions]) region.close();
      for (const transport of this.transports) {
        transport.close(() => {
          this.openTransports--;
          this.tellClosed();
        });
      }
    }
    this.tellClosed();
  }

  private tellClosed(): void {
    if (this.openTransports > 0) return;
    for (const onClosed of this.closeCalls.splice(0)) onClosed();
  }

  /** By the first transport that both have and that works. */
  private reach(name: string, parts: Parts): Reached {
    const refusals: BowechoError[] = [];
    for (const transport of this.transports) {
      const address = parts.get(transport.number);
      if (address === undefined) continue;
      try {
        const reached = { name, transport, destination: transport.reach(address), ways: new Set<number>() };
        this.reached.set(name, reached);
        for (const { message } of refusals) this.say(`a peer is reached by ${transport.name}: ${message}`);
        return reached;
      } catch (error) {
        if (!(error instanceof BowechoError)) throw error;
        refusals.push(error);
      }
    }
    const [first, ...others] = refusals;
    if (first !== undefined && others.length === 0) throw first;
    const mine = this.transports.map(transport => transport.name).join(' and ');
    const why =
      first === undefined
        ? `its address has nothing for ${mine}; name one fabric at all members`
        : refusals.map(({ message }) => message).join('; ');
    throw new BowechoError('PEER_UNREACHABLE', `a peer cannot be reached: ${why}`);
  }

  private closeIfUnused(reached: Reached): void {
    if (reached.ways.size > 0) return;
    if (this.isOpen) reached.destination.drop(); // a fabric that closes still sends what it has taken
    reached.destination.close();
    if (this.reached.get(reached.name) === reached) this.reached.delete(reached.name);
  }

  /** Ways that are open stay so: writing to a peer that is gone does no harm, and the owner decides. */
  private peerFailed(destination: Destination, event: number): void {
    for (const way of this.ways.values()) {
      const { reached, connection } = way;
      if (reached.destination !== destination) continue;
      this.failures.push({ event, peer: connection.index });
      // A process that comes back at the same address is another one.
      if (this.reached.get(reached.name) === reached) this.reached.delete(reached.name);
    }
  }

  private wake(): void {
    this.takeOnReady()?.();
  }

  private takeOnReady(): (() => void) | undefined {
    const { onReady } = this;
    this.onReady = undefined;
    sleepers.delete(this);
    return onReady;
  }

  private failPush(batch: Int32Array, refused: number): never {
    const at = refused * PUSH_STRIDE;
    const index = batch[at + PUSH_PEER]!;
    const way = this.ways.get(index);
    if (way === undefined) fail(`push to peer ${index}, and there is none of that number`);
    const length = batch[at + PUSH_LENGTH]!;
    const from = batch[at + PUSH_LOCAL_OFFSET]!;
    const to = batch[at + PUSH_REMOTE_OFFSET]!;
    const { memory } = way.local;
    fail(
      `push of ${length} bytes from ${from} to ${to} by peer ${index}; the local region has ${memory.byteLength}`,
    );
  }
}
