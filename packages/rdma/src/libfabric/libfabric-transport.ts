/**
 * LibfabricTransport is the way over a network: every region is registered with an endpoint of libfabric, and a push becomes
 * writes of a provider: verbs and efa by hardware, tcp by the kernel. native/libfabric/open-endpoint.h says what is done with
 * them.
 *
 * What the contract of a fabric leaves open, as it is here: borrowed spans are read until the write has completed; nothing
 * lands before the target polls (on tcp), and the target must poll for anybody to get on; what a provider does not take
 * waits in memory, so a push is accepted whole. A peer that is gone is noticed when writes to it fail, have found no way for
 * seconds, or are more than may wait; a process' end shows sooner on the control channel.
 */
import { BowechoError, EVENT_PEER_FAILED, EVENT_WRITES_LOST } from '@bowecho/core';
import { randomBytes } from 'node:crypto';
import type { MemoryRegion } from '../memory-region.js';
import {
  GAUGE,
  GAUGES,
  isSystemRefusal,
  type NativeEndpoint,
  type NativeEndpointFacts,
  type NativeLibfabric,
  type NativePushTable,
  type NativeRegion,
  type NativeRegistration,
} from '../native.js';
import type { NetworkCounts, Say } from '../rdma-fabric.js';
import type { Connection, Destination, Exposure, Transport, TransportListener } from '../transport.js';
import { NONCE_BYTES, decodeAddress, decodeKey, encodeAddress, encodeKey, tagOf } from './address.js';

/** While writes wait for room, or where nothing else wakes a sleeper, the endpoint is looked after so often. */
const LOOK_AFTER_MS = 1;
/** An endpoint to which no way leads from here is looked at once in so many polls. */
const IDLE_POLLS = 64;
/** For so long a closing endpoint goes on sending what it has taken. */
const LINGER_MS = 1000;

export class LibfabricTransport implements Transport {
  readonly number = 2;
  readonly name: string;
  readonly address: Uint8Array;
  readonly facts: NativeEndpointFacts;
  /** See `GAUGE`. */
  readonly gauges = new Float64Array(GAUGES);
  private readonly endpoint: NativeEndpoint;
  private readonly progress: NativeEndpoint['progress'];
  private readonly nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  private readonly destinations = new Map<number, EndpointDestination>();
  /** By endpoint address, as text: libfabric knows each once. */
  private readonly numbers = new Map<string, number>();
  /** Why they failed: what failed once gets nothing more, so new ways there are refused. */
  private readonly failed = new Map<number, string>();
  private pollsUntilLook = 0;
  private landedUnseen = 0;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param provider as libfabric spells it
   * @param host a local address to bind to, or empty
   * @throws SystemRefusal
   */
  constructor(
    private readonly libfabric: NativeLibfabric,
    provider: string,
    host: string,
    private readonly listener: TransportListener,
    private readonly say: Say,
  ) {
    this.endpoint = new libfabric.Endpoint({
      provider,
      node: host,
      tag: tagOf(this.nonce),
      gauges: this.gauges,
    });
    this.progress = this.endpoint.progress;
    this.endpoint.onReady = () => {
      this.pollsUntilLook = 0;
      listener.onReady();
    };
    this.facts = this.endpoint.facts;
    this.name = `libfabric (${this.facts.provider})`;
    this.address = encodeAddress({
      nonce: this.nonce,
      provider: this.facts.provider,
      endpoint: this.endpoint.address,
    });
  }

  expose(region: NativeRegion, bytes: number): Exposure {
    const registration = this.register(region, bytes);
    const { key, base } = registration;
    return new RegisteredExposure(registration, encodeKey({ nonce: this.nonce, bytes, key, base }));
  }

  reach(address: Uint8Array): Destination {
    const { nonce, provider, endpoint } = decodeAddress(address);
    if (provider !== this.facts.provider) {
      throw new BowechoError(
        'PEER_UNREACHABLE',
        `the peer uses the libfabric provider ${provider}, and this member uses ${this.facts.provider}: ` +
          "name one fabric at all members, e.g. fabric: 'libfabric-tcp'",
      );
    }
    const name = Buffer.from(address).toString('hex');
    const number = this.numbers.get(name) ?? this.insert(endpoint, nonce);
    this.numbers.set(name, number);
    const why = this.failed.get(number);
    if (why !== undefined) throw new BowechoError('PEER_UNREACHABLE', `the peer has failed before: ${why}`);
    const destination = new EndpointDestination(this.endpoint, number, nonce, this, () =>
      this.destinations.delete(number),
    );
    this.destinations.set(number, destination);
    return destination;
  }

  poll(): number {
    this.stopTimer();
    if (this.destinations.size > 0 || this.pollsUntilLook-- <= 0) {
      this.pollsUntilLook = IDLE_POLLS;
      this.landedUnseen += this.progress();
    }
    const landed = this.landedUnseen;
    this.landedUnseen = 0;
    if (this.gauges[GAUGE.failuresPending]! > 0) this.tellFailures();
    return landed;
  }

  arm(): boolean {
    // A push may have found out that a peer has failed, after the last poll.
    if (this.landedUnseen > 0 || this.gauges[GAUGE.failuresPending]! > 0) return false;
    const { canWait } = this.facts;
    if (canWait && !this.endpoint.arm()) {
      this.pollsUntilLook = 0;
      return false;
    }
    if (!canWait || this.gauges[GAUGE.writesWaiting]! > 0) this.lookAfter();
    return true;
  }

  readonly counts = (): NetworkCounts => ({
    pushes: this.gauges[GAUGE.pushesSent]!,
    writes: this.gauges[GAUGE.writesPosted]!,
    bytes: this.gauges[GAUGE.bytesPosted]!,
  });

  /** Drives progress in place of a poll. What has landed is told by `onReady`, and by the next poll. */
  look(): void {
    if (!this.facts.tellsArrivals && this.endpoint.isReadable()) this.landedUnseen++;
    this.landedUnseen += this.progress();
    if (this.landedUnseen > 0 || this.gauges[GAUGE.failuresPending]! > 0) this.listener.onReady();
  }

  /**
   * What was taken is sent first, as far as that goes soon. Not by shm, which may read the memory of a peer of this process that
   * closed before: that ends the process. But it waits as long: a peer that has not yet looked at its first request from here
   * looks for this endpoint's queues then, and where they are gone that ends its process (smr_progress_connreq of libfabric
   * before 2.0).
   */
  close(onClosed: () => void): void {
    this.stopTimer();
    this.destinations.clear();
    const deadline = performance.now() + LINGER_MS;
    const step = (): void => {
      if (this.facts.canWait) this.progress();
      const left = this.gauges[GAUGE.writesUnderWay]! + this.gauges[GAUGE.writesWaiting]!;
      if (left > 0 && performance.now() < deadline) {
        setTimeout(step, LOOK_AFTER_MS);
        return;
      }
      this.endpoint.close();
      onClosed();
    };
    step();
  }

  private register(region: NativeRegion, bytes: number): NativeRegistration {
    try {
      return new this.libfabric.Registration(this.endpoint, region);
    } catch (error) {
      if (!isSystemRefusal(error)) throw error;
      const remedy =
        error.code === 'ENOMEM' || error.code === 'EPERM' || error.code === 'EAGAIN'
          ? '; network cards need memory that stays in place: raise `ulimit -l` (LimitMEMLOCK of a service)'
          : '';
      throw new BowechoError(
        'MEMORY_UNAVAILABLE',
        `${bytes} bytes cannot be registered with ${this.name}: ${error.message} (${error.syscall}, ${error.code})${remedy}`,
        { cause: error },
      );
    }
  }

  private insert(endpoint: Uint8Array, nonce: Uint8Array): number {
    try {
      return this.endpoint.insert(endpoint, tagOf(nonce));
    } catch (error) {
      if (!isSystemRefusal(error)) throw error;
      throw new BowechoError(
        'PEER_UNREACHABLE',
        `${this.name} knows no such address: ${error.message} (${error.syscall}, ${error.code})`,
        { cause: error },
      );
    }
  }

  /** Looks in place of a sleeper, until it is awake. */
  private lookAfter(): void {
    this.timer ??= setInterval(() => {
      this.look();
      if (this.facts.canWait && this.gauges[GAUGE.writesWaiting] === 0) this.stopTimer();
    }, LOOK_AFTER_MS);
    this.timer.unref();
  }

  private stopTimer(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private tellFailures(): void {
    for (const { remote, words, lostWrites } of this.endpoint.takeFailures()) {
      this.failed.set(remote, words);
      const destination = this.destinations.get(remote);
      if (destination === undefined) continue;
      this.say(`a peer reached by ${this.name} has failed: ${words}`);
      this.listener.onFailure(destination, lostWrites ? EVENT_WRITES_LOST : EVENT_PEER_FAILED);
    }
  }
}

class RegisteredExposure implements Exposure {
  constructor(
    readonly registration: NativeRegistration,
    readonly key: Uint8Array,
  ) {}

  close(): void {
    this.registration.close();
  }
}

class EndpointDestination implements Destination {
  constructor(
    private readonly endpoint: NativeEndpoint,
    private readonly number: number,
    private readonly nonce: Uint8Array,
    private readonly transport: Transport,
    private readonly onClose: () => void,
  ) {}

  connect(table: NativePushTable, local: MemoryRegion, key: Uint8Array): Connection {
    const there = decodeKey(key);
    if (Buffer.compare(there.nonce, this.nonce) !== 0) {
      throw new BowechoError(
        'PEER_UNREACHABLE',
        'the region key of a peer belongs to another endpoint than its address: it comes from another process',
      );
    }
    const { registration } = local.exposure(this.transport) as RegisteredExposure;
    const index = table.addNetwork(registration, this.endpoint, this.number, there);
    return { index, close() {} };
  }

  drop(): void {
    this.endpoint.drop(this.number);
  }

  close(): void {
    this.onClose();
  }
}
