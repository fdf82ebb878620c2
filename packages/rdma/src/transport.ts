/**
 * Transport is one way by which processes reach each other's memory. A fabric has one, or two side by side, and each peer goes
 * by one of them: the order of writes holds for a peer, whatever regions they go to.
 */
import type { MemoryRegion } from './memory-region.js';
import type { NativePushTable, NativeRegion } from './native.js';
import type { NetworkCounts } from './rdma-fabric.js';

/** What a transport tells the fabric that it serves. */
export interface TransportListener {
  /** Memory may have changed, or a peer failed: who sleeps is to look. May be called when nobody sleeps. */
  onReady(): void;
  /** That destination has failed: an event of core's `drain`, at most once each. */
  onFailure(destination: Destination, event: number): void;
}

/** A region as one transport shows it to peers. */
export interface Exposure {
  /** What a peer needs to write there. */
  readonly key: Uint8Array;
  /** No write of a peer is seen any more. */
  close(): void;
}

/** Another process, or another fabric of this one, as one transport reaches it. */
export interface Destination {
  /**
   * Adds the way from a region here to a region there to the table.
   *
   * @param key this transport's part of the region's key
   * @throws BowechoError PEER_UNREACHABLE
   */
  connect(table: NativePushTable, local: MemoryRegion, key: Uint8Array): Connection;
  /** The last way there was disconnected: what was taken for it, and is not on its way, is dropped. */
  drop(): void;
  /** No way leads there any more. */
  close(): void;
}

/** A way in the push table. Whoever takes it out of the table closes it then. */
export interface Connection {
  readonly index: number;
  close(): void;
}

export interface Transport {
  /** In addresses and keys. */
  readonly number: number;
  /** For people. */
  readonly name: string;
  /** This transport's part of the fabric's address. */
  readonly address: Uint8Array;
  /** @throws BowechoError MEMORY_UNAVAILABLE */
  expose(region: NativeRegion, bytes: number): Exposure;
  /**
   * @param address this transport's part of a peer's address
   * @throws BowechoError PEER_UNREACHABLE where that peer cannot be reached this way
   */
  reach(address: Uint8Array): Destination;
  /** Drives progress; how much has landed, as far as it knows. Whoever polls is awake. */
  poll(): number;
  /** Asks for `onReady` when something lands. False: something landed already, or a peer has failed. */
  arm(): boolean;
  /** What was sent over a network; undefined where there is none. */
  readonly counts?: () => NetworkCounts;
  /** Ends everything; calls `onClosed` when it holds no memory any more. */
  close(onClosed: () => void): void;
}
