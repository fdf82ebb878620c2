/**
 * InProcessFabric is the fabric between members of one process: a push copies bytes from one ArrayBuffer to another, at
 * once. For tests, for trying things out, and for platforms without the native addon.
 *
 * It is also the plainest reading of the fabric contract: in order, captured as well as borrowed spans copied at the
 * post, a closed region fenced by forgetting it.
 */
import {
  BowechoError,
  PUSH_FLAGS,
  PUSH_LENGTH,
  PUSH_LOCAL_OFFSET,
  PUSH_PEER,
  PUSH_REMOTE_OFFSET,
  PUSH_STRIDE,
  QUIET,
  assert,
  fail,
  type Fabric,
  type Peer,
  type Region,
} from '@bowecho/core';

/** Where fabrics of one process find each other: what the network is to others. */
export class InProcessNetwork {
  private readonly fabrics = new Map<number, InProcessFabric>();
  private addresses = 0;

  createFabric(): InProcessFabric {
    const address = this.addresses++;
    const fabric = new InProcessFabric(this, address);
    this.fabrics.set(address, fabric);
    return fabric;
  }

  find(address: Uint8Array): InProcessFabric {
    const fabric = this.fabrics.get(readNumber(address));
    if (fabric === undefined)
      throw new BowechoError('HALTED', `no fabric at in-process address ${readNumber(address)}`);
    return fabric;
  }

  forget(fabric: InProcessFabric): void {
    this.fabrics.delete(readNumber(fabric.address));
  }
}

class InProcessRegion implements Region {
  readonly memory: ArrayBuffer;
  readonly bytes: Uint8Array;
  readonly key: Uint8Array;
  isOpen = true;

  constructor(
    bytes: number,
    key: number,
    private readonly onClose: () => void,
  ) {
    this.memory = new ArrayBuffer(bytes);
    this.bytes = new Uint8Array(this.memory);
    this.key = writeNumber(key);
  }

  close(): void {
    this.isOpen = false;
    this.onClose();
  }
}

interface Path {
  readonly local: InProcessRegion;
  readonly remote: InProcessRegion;
  readonly target: InProcessFabric;
  isOpen: boolean;
}

export class InProcessFabric implements Fabric {
  readonly address: Uint8Array;
  private readonly regions = new Map<number, InProcessRegion>();
  private readonly paths: Path[] = [];
  private keys = 0;
  /** Whether something landed here since the last poll. */
  private landed = false;
  private onReady: (() => void) | undefined;

  constructor(
    private readonly network: InProcessNetwork,
    address: number,
  ) {
    this.address = writeNumber(address);
  }

  register(bytes: number): Region {
    const key = this.keys++;
    const region = new InProcessRegion(bytes, key, () => this.regions.delete(key));
    this.regions.set(key, region);
    return region;
  }

  connect(address: Uint8Array, key: Uint8Array, local: Region): Peer {
    assert(local instanceof InProcessRegion, 'the local region belongs to another fabric');
    const target = this.network.find(address);
    const remote = target.regions.get(readNumber(key));
    if (remote === undefined)
      throw new BowechoError('HALTED', `no region ${readNumber(key)} at that in-process address`);
    this.paths.push({ local, remote, target, isOpen: true });
    return { index: this.paths.length - 1 };
  }

  disconnect(peer: Peer): void {
    this.path(peer.index).isOpen = false;
  }

  /** Allocates two views per span, which is per push and not per message. */
  push(batch: Int32Array, count: number): number {
    for (let i = 0; i < count; i++) {
      const at = i * PUSH_STRIDE;
      const { local, remote, target, isOpen } = this.path(batch[at + PUSH_PEER]!);
      if (!isOpen || !remote.isOpen) continue;
      const from = batch[at + PUSH_LOCAL_OFFSET]!;
      const to = batch[at + PUSH_REMOTE_OFFSET]!;
      const length = batch[at + PUSH_LENGTH]!;
      const isInside = from >= 0 && to >= 0 && length >= 0;
      if (!isInside || from + length > local.bytes.length || to + length > remote.bytes.length) {
        fail(
          `push of ${length} bytes from ${from} to ${to}, regions of ${local.bytes.length} and ${remote.bytes.length}`,
        );
      }
      remote.bytes.set(local.bytes.subarray(from, from + length), to);
      if ((batch[at + PUSH_FLAGS]! & QUIET) === 0) target.notice();
    }
    return count;
  }

  /** Something landed here. */
  private notice(): void {
    this.landed = true;
    if (this.onReady === undefined) return;
    const wake = this.onReady;
    this.onReady = undefined;
    wake();
  }

  poll(): number {
    const landed = this.landed ? 1 : 0;
    this.landed = false;
    return landed;
  }

  /** Nothing completes later and no peer fails apart from this process: there are no events. */
  drain(): number {
    return 0;
  }

  arm(onReady: () => void): boolean {
    if (this.landed) return false;
    this.onReady = onReady;
    return true;
  }

  /** Peers live on this very thread. */
  yieldProcessor(): void {}

  close(onClosed: () => void): void {
    this.onReady = undefined;
    for (const region of [...this.regions.values()]) region.close();
    this.network.forget(this);
    onClosed();
  }

  private path(index: number): Path {
    const path = this.paths[index];
    if (path === undefined) fail(`no peer ${index} among ${this.paths.length}`);
    return path;
  }
}

function writeNumber(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function readNumber(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
}
