/**
 * PeerProcess is another process of this machine, as a fabric knows it: opened once for all ways that lead there, closed
 * with the last of them, and the first to know that it is dead.
 */
import { BowechoError } from '@bowecho/core';
import { readFileSync } from 'node:fs';
import type { Address, Key } from './address.js';
import type { HostIdentity } from './host-identity.js';
import {
  isSystemRefusal,
  type NativeAddon,
  type NativePeerProcess,
  type NativeRemoteRegion,
} from '../native.js';

export class PeerProcess {
  readonly native: NativePeerProcess;
  private readonly pid: number;

  /** @throws BowechoError PEER_UNREACHABLE */
  constructor(
    private readonly addon: NativeAddon,
    self: HostIdentity,
    address: Address,
    onDeath: () => void,
  ) {
    this.pid = address.pid;
    refuseOtherHost(self, address);
    const { pid, fd, nonce, pipeFd, pipeInode } = address;
    try {
      this.native = new addon.PeerProcess(pid, fd, nonce, pipeFd, pipeInode);
    } catch (error) {
      throw peerUnreachable(error, pid);
    }
    this.native.onDeath = onDeath;
  }

  /** @throws BowechoError PEER_UNREACHABLE */
  open(key: Key): NativeRemoteRegion {
    try {
      return new this.addon.RemoteRegion(this.native, key.fd, key.bytes, key.nonce);
    } catch (error) {
      throw peerUnreachable(error, this.pid);
    }
  }
}

function refuseOtherHost(self: HostIdentity, address: Address): void {
  if (Buffer.compare(self.boot, address.boot) !== 0) {
    throw new BowechoError(
      'PEER_UNREACHABLE',
      'the peer runs on another machine, or this one has restarted since; shared memory reaches processes of one machine only',
    );
  }
  if (self.pidNamespace !== address.pidNamespace) {
    throw new BowechoError(
      'PEER_UNREACHABLE',
      `process ${address.pid} runs in another pid namespace (${address.pidNamespace}, this one is ${self.pidNamespace}), ` +
        'as in another container; run both in one, or use a fabric that goes over the network',
    );
  }
}

/** In the flags of a process, the bit that says that it is on its way out. */
const PF_EXITING = 4;

/**
 * Whether it has ended, or does just now, and its parent has not waited for it yet, as happens in containers whose first process waits for
 * nobody. Its files belong to root then, so others are refused as if it were of another user.
 */
function isEnding(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1'); // 123 (a name) Z parent group session terminal group flags ...
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || (Number(fields[6]) & PF_EXITING) !== 0;
  } catch {
    return false; // it has ended altogether since, or cannot be looked at: then the refusal says what there is to say
  }
}

/** What each refusal means, after `process 123`. */
const MEANINGS: Readonly<Record<string, string>> = {
  ENOENT: 'has ended, or has closed what its address or key names',
  ESRCH: 'has ended',
  ENXIO: 'has closed its fabric',
  ESTALE: 'has something else where its address or key points to: the fabric that made them is gone',
  EACCES:
    'may not be looked into: it belongs to another user, or has more rights than this one; run members as the same user',
  EPERM:
    'may not be looked into: it belongs to another user, or has more rights than this one; run members as the same user',
  EMFILE: 'cannot be opened: this process has no file descriptors left; raise `ulimit -n`',
  ENFILE: 'cannot be opened: the machine has no file descriptors left; raise fs.file-max',
  ENOMEM: 'cannot be mapped: this process has no memory or address space left; see `ulimit -v`',
};

function peerUnreachable(error: unknown, pid: number): unknown {
  if (!isSystemRefusal(error)) return error;
  const meaning = isEnding(pid) ? MEANINGS.ESRCH! : (MEANINGS[error.code] ?? 'cannot be reached');
  return new BowechoError(
    'PEER_UNREACHABLE',
    `process ${pid} ${meaning} (${error.syscall}: ${error.message}, ${error.code})`,
    { cause: error },
  );
}
