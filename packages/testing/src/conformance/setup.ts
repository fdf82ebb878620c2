/**
 * What the conformance tests stand on: what a suite is given, and small helpers to connect regions, push spans and let
 * them arrive, that work the same on a fabric of one process and on one between processes.
 */
import { strict as assert } from 'node:assert';
import {
  CAPTURED,
  PUSH_FLAGS,
  PUSH_LENGTH,
  PUSH_LOCAL_OFFSET,
  PUSH_PEER,
  PUSH_REMOTE_OFFSET,
  PUSH_STRIDE,
  type Fabric,
  type Peer,
  type Region,
} from '@bowecho/core';

/** Fabrics that can reach each other, and how to let time pass for them. */
export interface ConformanceSetup {
  readonly a: Fabric;
  readonly b: Fabric;
  readonly c?: Fabric;
  /** Lets everything that was posted arrive. */
  settle(): void | Promise<void>;
  /** Lets a little happen; false when nothing is left to happen. Where left out, `settle` is one step. */
  step?(): boolean | Promise<boolean>;
  /** Called after each test. */
  close(): void | Promise<void>;
}

/** What a fabric does not do; everything is expected where left out. */
export interface ConformanceTraits {
  /** `create` gives no third fabric. */
  readonly twoNodesOnly?: boolean;
  /** `arm` is not supported. */
  readonly neverSleeps?: boolean;
}

export interface ConformanceOptions {
  readonly name: string;
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: (title: string, body: () => Promise<void>) => unknown;
  readonly create: () => ConformanceSetup | Promise<ConformanceSetup>;
  readonly traits?: ConformanceTraits;
}

/** A way from a region of one fabric to a region of another. */
export interface Way {
  readonly fabric: Fabric;
  readonly peer: Peer;
  readonly source: Region;
  readonly target: Region;
  /** The bytes at both ends. */
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

export interface Span {
  readonly way: Way;
  readonly from: number;
  readonly to?: number;
  readonly length: number;
  readonly flags?: number;
}

export function connect(
  fabric: Fabric,
  other: Fabric,
  bytes: number,
  regions: Partial<Pick<Way, 'source' | 'target'>> = {},
): Way {
  const source = regions.source ?? fabric.register(bytes);
  const target = regions.target ?? other.register(bytes);
  const peer = fabric.connect(other.address, target.key, source);
  return {
    fabric,
    peer,
    source,
    target,
    from: new Uint8Array(source.memory),
    to: new Uint8Array(target.memory),
  };
}

export function batchOf(spans: readonly Span[]): Int32Array {
  const batch = new Int32Array(spans.length * PUSH_STRIDE);
  spans.forEach(({ way, from, to = from, length, flags = CAPTURED }, i) => {
    const at = i * PUSH_STRIDE;
    batch[at + PUSH_PEER] = way.peer.index;
    batch[at + PUSH_LOCAL_OFFSET] = from;
    batch[at + PUSH_REMOTE_OFFSET] = to;
    batch[at + PUSH_LENGTH] = length;
    batch[at + PUSH_FLAGS] = flags;
  });
  return batch;
}

/** Offers are refused for a while, not for ever. */
const MOST_OFFERS = 10_000;

/** Pushes spans of one fabric, offering again what was not accepted. */
export async function pushAll(
  setup: ConformanceSetup,
  fabric: Fabric,
  spans: readonly Span[],
): Promise<void> {
  let batch = batchOf(spans);
  let count = spans.length;
  for (let offers = 0; count > 0; offers++) {
    assert(offers < MOST_OFFERS, `${count} of ${spans.length} descriptors are never accepted`);
    const accepted = fabric.push(batch, count);
    assert(accepted >= 0 && accepted <= count, `push accepted ${accepted} of ${count} descriptors`);
    batch = batch.slice(accepted * PUSH_STRIDE);
    count -= accepted;
    if (count > 0) await pollAll(setup);
  }
}

export async function pollAll(setup: ConformanceSetup): Promise<boolean> {
  for (const fabric of [setup.a, setup.b, setup.c]) fabric?.poll();
  if (setup.step !== undefined) return setup.step();
  await setup.settle();
  return false;
}

/** Lets everything arrive. */
export async function settle(setup: ConformanceSetup): Promise<void> {
  await setup.settle();
  for (const fabric of [setup.a, setup.b, setup.c]) fabric?.poll();
}

export function filled(bytes: Uint8Array, seed: number): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + seed) & 255;
  return bytes;
}

export type It = (title: string, body: (setup: ConformanceSetup) => Promise<void>) => void;
