/**
 * SharedMemoryTransport is the way between processes of one Linux machine: every region is a mapping that peers map too, and a
 * push copies bytes into them. No process is asked, and none needs to run, for a write to land.
 *
 * What the contract of a fabric leaves open, as it is here: everything is copied at the post, borrowed spans too; everything
 * is accepted; a write is visible at once, at any moment; aligned cells of counters land whole. A process that dies is
 * noticed at once, by its pipe (native/doorbell.h); an orderly close of its fabric looks the same.
 *
 * Nothing is left behind by a process that is killed: its memory has no name, and lives as long as somebody maps it.
 */
import { EVENT_PEER_GONE } from '@bowecho/core';
import { memoryUnavailable, type MemoryRegion } from '../memory-region.js';
import type { NativeAddon, NativePushTable, NativeRegion } from '../native.js';
import type { Connection, Destination, Exposure, Transport, TransportListener } from '../transport.js';
import { decodeAddress, decodeKey, encodeAddress, encodeKey } from './address.js';
import { Doorbell } from './doorbell.js';
import type { HostIdentity } from './host-identity.js';
import { PeerProcess } from './peer-process.js';

/** The word of a doorbell, for the sentence of an error. */
const DOORBELL_BYTES = 4;

export class SharedMemoryTransport implements Transport {
  readonly number = 1;
  readonly name = 'shared memory';
  readonly address: Uint8Array;
  /** Looking for writes without a call into the addon: it is done every turn. */
  private readonly doorbell: Doorbell;

  /** @throws BowechoError MEMORY_UNAVAILABLE */
  constructor(
    private readonly addon: NativeAddon,
    private readonly host: HostIdentity,
    private readonly listener: TransportListener,
  ) {
    try {
      this.doorbell = new Doorbell(addon, () => listener.onReady());
    } catch (error) {
      throw memoryUnavailable(error, DOORBELL_BYTES);
    }
    const { fd, nonce, pipeFd, pipeInode } = this.doorbell.native;
    this.address = encodeAddress({ ...host, pid: process.pid, fd, nonce, pipeFd, pipeInode });
  }

  /** Nothing more is to be done: a region is a mapping that others can open. */
  expose(region: NativeRegion, bytes: number): Exposure {
    return { key: encodeKey({ fd: region.fd, bytes, nonce: region.nonce }), close() {} };
  }

  reach(address: Uint8Array): Destination {
    const destination = new ProcessDestination(
      new PeerProcess(this.addon, this.host, decodeAddress(address), () => {
        this.listener.onFailure(destination, EVENT_PEER_GONE);
        this.listener.onReady();
      }),
    );
    return destination;
  }

  poll(): number {
    return this.doorbell.look();
  }

  arm(): boolean {
    return this.doorbell.arm();
  }

  /** Nothing is borrowed here, so `onClosed` is called at once. */
  close(onClosed: () => void): void {
    this.doorbell.close();
    onClosed();
  }
}

class ProcessDestination implements Destination {
  constructor(private readonly process: PeerProcess) {}

  connect(table: NativePushTable, local: MemoryRegion, key: Uint8Array): Connection {
    const remote = this.process.open(decodeKey(key));
    return {
      index: table.add(local.native, remote, this.process.native),
      close: () => remote.close(),
    };
  }

  /** Nothing waits: all is copied at the post. */
  drop(): void {}

  close(): void {
    this.process.native.close();
  }
}
