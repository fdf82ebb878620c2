/**
 * SharedMemoryFabric is the fabric between processes of one Linux machine: every region is a mapping that peers map too, and
 * a push copies bytes into them. No process is asked, and none needs to run, for a write to land.
 *
 * What the contract leaves open, as it is here: everything is copied at the post, borrowed spans too; everything is
 * accepted; a write is visible at once, at any moment; aligned cells of counters land whole. A process that dies is
 * noticed at once, by its pipe (native/doorbell.h); an orderly close of its fabric looks the same.
 *
 * Nothing is left behind by a process that is killed: its memory has no name, and lives as long as somebody maps it.
 *
 * A fabric that nobody closes is closed when it is collected, unless it sleeps.
 */
import {
  EVENT_PEER_FAILED,
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
import { decodeAddress, decodeKey, encodeAddress } from './address.js';
import { Doorbell } from './doorbell.js';
import type { HostIdentity } from './host-identity.js';
import type { NativeAddon, NativePushTable, NativeRemoteRegion } from './native.js';
import { PeerProcess } from './peer-process.js';
import { SharedMemoryRegion, memoryUnavailable } from './shared-memory-region.js';

interface Way {
  readonly address: string;
  readonly process: PeerProcess;
  readonly local: SharedMemoryRegion;
  readonly remote: NativeRemoteRegion;
}

/** The word of a doorbell, for the sentence of an error. */
const DOORBELL_BYTES = 4;

export class SharedMemoryFabric implements Fabric {
  readonly address: Uint8Array;
  /** Looking for writes without a call into the addon: it is done every turn. */
  private readonly doorbell: Doorbell;
  private readonly table: NativePushTable;
  private readonly pushNow: NativePushTable['push'];
  private readonly regions = new Set<SharedMemoryRegion>();
  private readonly ways = new Map<number, Way>();
  /** By address, as text. */
  private readonly processes = new Map<string, PeerProcess>();
  /** Peer indexes whose processes died and that nobody has drained yet, oldest first. */
  private readonly failed: number[] = [];
  /** The array that the addon reads batches from. Held here, so that it lives as long as the addon may look. */
  private batch: Int32Array | undefined;
  private isOpen = true;

  /** @throws BowechoError MEMORY_UNAVAILABLE */
  constructor(
    private readonly addon: NativeAddon,
    private readonly host: HostIdentity,
  ) {
    try {
      this.doorbell = new Doorbell(addon);
    } catch (error) {
      throw memoryUnavailable(error, DOORBELL_BYTES);
    }
    this.table = new addon.PushTable();
    this.pushNow = this.table.push;
    const { fd, nonce, pipeFd, pipeInode } = this.doorbell.native;
    this.address = encodeAddress({ ...host, pid: process.pid, fd, nonce, pipeFd, pipeInode });
  }

  /**
   * @param bytes at most 2^31 - 1
   * @throws BowechoError MEMORY_UNAVAILABLE
   */
  register(bytes: number): Region {
    assert(this.isOpen, 'register on a closed fabric');
    const region = new SharedMemoryRegion(this.addon, bytes, closed => this.regions.delete(closed));
    this.regions.add(region);
    return region;
  }

  /**
   * @param local a region of this fabric
   * @throws BowechoError PEER_UNREACHABLE
   */
  connect(address: Uint8Array, key: Uint8Array, local: Region): Peer {
    assert(this.isOpen, 'connect on a closed fabric');
    assert(local instanceof SharedMemoryRegion, 'the local region belongs to another fabric');
    assert(this.regions.has(local), 'the local region is closed or belongs to another fabric');
    const wanted = decodeKey(key);
    const name = Buffer.from(address).toString('hex');
    const process = this.processes.get(name) ?? this.openProcess(name, address);
    try {
      const remote = process.open(wanted);
      const index = this.table.add(local.native, remote, process.native);
      process.ways.add(index);
      this.ways.set(index, { address: name, process, local, remote });
      return { index };
    } finally {
      this.closeIfUnused(name, process);
    }
  }

  disconnect(peer: Peer): void {
    const way = this.ways.get(peer.index);
    if (way === undefined) return; // it was disconnected before, or the fabric was closed
    this.ways.delete(peer.index);
    this.table.remove(peer.index);
    way.remote.close();
    way.process.ways.delete(peer.index);
    this.closeIfUnused(way.address, way.process);
    const hint = this.failed.indexOf(peer.index);
    if (hint >= 0) this.failed.splice(hint, 1);
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
    return this.doorbell.look();
  }

  drain(events: Int32Array): number {
    if (this.failed.length === 0) return 0;
    const taken = this.failed.splice(0, Math.floor(events.length / EVENT_STRIDE));
    taken.forEach((peer, i) => events.set([EVENT_PEER_FAILED, peer], i * EVENT_STRIDE));
    return taken.length;
  }

  arm(onReady: () => void): boolean {
    if (!this.isOpen) return true; // nothing lands any more, so there is nobody to call
    return this.failed.length === 0 && this.doorbell.arm(onReady);
  }

  yieldProcessor(): void {
    this.addon.yieldProcessor();
  }

  /** Unmaps and closes everything, of peers first. Nothing is borrowed here, so `onClosed` is called at once. */
  close(onClosed: () => void): void {
    this.isOpen = false;
    for (const index of [...this.ways.keys()]) this.disconnect({ index });
    for (const region of [...this.regions]) region.close();
    this.doorbell.close();
    onClosed();
  }

  private openProcess(name: string, address: Uint8Array): PeerProcess {
    const process = new PeerProcess(this.addon, this.host, decodeAddress(address), () =>
      this.died(name, process),
    );
    this.processes.set(name, process);
    return process;
  }

  private closeIfUnused(name: string, process: PeerProcess): void {
    if (process.ways.size > 0) return;
    process.native.close();
    if (this.processes.get(name) === process) this.processes.delete(name);
  }

  /** Once per process. Ways that are open stay so: writing to a dead process does no harm, and the owner decides. */
  private died(name: string, process: PeerProcess): void {
    this.processes.delete(name);
    this.failed.push(...process.ways);
    this.doorbell.wake();
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
