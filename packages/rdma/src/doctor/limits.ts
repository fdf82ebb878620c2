/** What the operating system allows this process, as far as fabrics need it. */
import { readFileSync } from 'node:fs';

/** Infinity where nothing limits it. */
export interface Limits {
  /** Bytes that may be held in place for network cards (`ulimit -l`). */
  readonly memlockBytes: number;
  /** File descriptors (`ulimit -n`). A member has some 27, and 4 more for each other one. */
  readonly openFiles: number;
  /** Of one file (`ulimit -f`); shared memory counts as one. */
  readonly fileBytes: number;
  /** Of the address space (`ulimit -v`). */
  readonly addressBytes: number;
}

/** Bit of CAP_IPC_LOCK in the mask of capabilities. */
const IPC_LOCK = 1n << 14n;
/** The mapping of user ids where this is not a user namespace of its own. */
const ALL_USERS = /^\s*0\s+0\s+4294967295\s*$/;

/** Undefined where there is no /proc that says. */
export function readLimits(): Limits | undefined {
  try {
    const read = (name: string): string => readFileSync(`/proc/self/${name}`, 'utf8');
    return parseLimits(read('limits'), read('status'), read('uid_map'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * @param limits text of /proc/self/limits
 * @param status text of /proc/self/status: the kernel limits the locked memory of privileged processes nowhere
 * @param uidMap text of /proc/self/uid_map: privileges in a user namespace do not count there
 */
export function parseLimits(limits: string, status: string, uidMap: string): Limits {
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  const isPrivileged = (BigInt(`0x${capabilities}`) & IPC_LOCK) !== 0n && ALL_USERS.test(uidMap);
  return {
    memlockBytes: isPrivileged ? Infinity : softLimit(limits, 'Max locked memory'),
    openFiles: softLimit(limits, 'Max open files'),
    fileBytes: softLimit(limits, 'Max file size'),
    addressBytes: softLimit(limits, 'Max address space'),
  };
}

/** A line reads `Max locked memory         8388608              8388608              bytes`. */
function softLimit(text: string, name: string): number {
  const line = text.split('\n').find(one => one.startsWith(name)) ?? '';
  const value = line.slice(name.length).trim().split(/\s+/, 1)[0];
  return value === undefined || value === '' || value === 'unlimited' ? Infinity : Number(value);
}
