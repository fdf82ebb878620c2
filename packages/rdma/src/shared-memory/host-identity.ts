/**
 * Where a process can be found by others: the running system (its boot id) and the pid namespace. Two processes may map each
 * other's memory only where both are the same, because a pid means nothing elsewhere.
 *
 * The boot id travels as a hash: it is no secret, but it is nobody's business either.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

export const BOOT_HASH_BYTES = 16;

export interface HostIdentity {
  /** `BOOT_HASH_BYTES` bytes. */
  readonly boot: Uint8Array;
  /** The inode of the pid namespace. */
  readonly pidNamespace: bigint;
}

let identity: HostIdentity | { readonly reason: string } | undefined;

/** This process' identity, or why it has none. */
export function hostIdentity(): HostIdentity | { readonly reason: string } {
  identity ??= readIdentity();
  return identity;
}

function readIdentity(): HostIdentity | { readonly reason: string } {
  try {
    const self = readlinkSync('/proc/self');
    if (self !== String(process.pid)) {
      return {
        reason: `/proc belongs to another pid namespace: it calls this process ${self}, and its pid is ${process.pid}; mount /proc anew in this namespace`,
      };
    }
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const boot = createHash('sha256').update(bootId).digest().subarray(0, BOOT_HASH_BYTES);
    return { boot, pidNamespace: readNamespace() };
  } catch (error) {
    return {
      reason: `/proc, by which processes find each other's memory, cannot be read: ${(error as Error).message}`,
    };
  }
}

/** The link reads `pid:[4026531836]`. */
function readNamespace(): bigint {
  const link = readlinkSync('/proc/self/ns/pid');
  const inode = /^pid:\[(\d+)\]$/.exec(link)?.[1];
  if (inode === undefined) throw new Error(`/proc/self/ns/pid reads ${link}`);
  return BigInt(inode);
}
