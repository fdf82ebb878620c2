/**
 * Greeting is what a process says of itself when it meets another one: who it is, and all that must be the same at every
 * member of a group. What the other makes of it is `Founding`'s matter (host/founding.ts); the channel only carries it.
 */
import type { MemberIdentity } from '@bowecho/core';

/** The version of what members say to each other: control messages, tables, frames, calls. They must agree on it. */
export const PROTOCOL_VERSION = 5;

export interface Greeting {
  readonly identity: MemberIdentity;
  /** The founders' addresses. */
  readonly seeds: readonly string[];
  /** What carries the bytes. */
  readonly fabric: string;
  /** Bytes of each sender's ring: tables are laid out by it. */
  readonly ringBytes: number;
  /** Milliseconds of silence after which a member is taken for lost: members beat by it. */
  readonly suspicionTimeout: number;
  /** Whether handlers fail where they use what differs between replicas: they fail at all of them or at none. */
  readonly determinismGuard: boolean;
  /** By actor name, in the order of the names: what the definition is. */
  readonly fingerprints: ReadonlyMap<string, string>;
  /** A group runs here, and whom this is said to is not in it: it can learn and join. */
  readonly groupRuns: boolean;
}
