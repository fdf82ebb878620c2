/**
 * What the addon gives, class by class. Here are only the types; native/*.h says what each class does and who holds what.
 *
 * Constructors and methods that ask the operating system for something throw `SystemRefusal`. Arguments are not checked
 * over there: this package's own classes are the only callers.
 */

/** What the operating system answered, as an Error with the name of the error and of the call. */
export interface SystemRefusal extends Error {
  /** 'ENOSPC', for instance; 'ESTALE' where what was opened is not what was named. */
  readonly code: string;
  readonly syscall: string;
}

export function isSystemRefusal(error: unknown): error is SystemRefusal {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

/** Memory of this process that others may map. */
export interface NativeRegion {
  readonly memory: ArrayBuffer;
  readonly fd: number;
  readonly nonce: Uint8Array;
  close(): void;
}

/** The word and the pipe by which others wake this process. */
export interface NativeDoorbell {
  /** Called from the event loop after bytes came through the pipe. */
  onRing?: () => void;
  /** The word, as an int32. */
  readonly state: ArrayBuffer;
  readonly fd: number;
  readonly nonce: Uint8Array;
  readonly pipeFd: number;
  readonly pipeInode: bigint;
  close(): void;
}

/** Another process, or another fabric of this one. */
export interface NativePeerProcess {
  /** Called from the event loop, at most once, when that process is dead or its fabric closed. */
  onDeath?: () => void;
  close(): void;
}

/** A region of another process, mapped here. */
export interface NativeRemoteRegion {
  readonly memory: ArrayBuffer;
  close(): void;
}

/** The ways of one fabric, and what carries out its push batches. */
export interface NativePushTable {
  /** Gives the index of the new way. */
  add(local: NativeRegion, remote: NativeRemoteRegion, process: NativePeerProcess): number;
  remove(index: number): void;
  /** Where batches lie from now on; the caller keeps the array alive. */
  useBatch(batch: Int32Array): void;
  /** Undefined, or the place of the first descriptor that was refused; those before it were carried out. */
  readonly push: (count: number) => number | undefined;
}

export interface NativeAddon {
  readonly Region: new (bytes: number) => NativeRegion;
  readonly Doorbell: new () => NativeDoorbell;
  readonly PeerProcess: new (
    pid: number,
    fd: number,
    nonce: Uint8Array,
    pipeFd: number,
    pipeInode: bigint,
  ) => NativePeerProcess;
  readonly RemoteRegion: new (
    process: NativePeerProcess,
    fd: number,
    bytes: number,
    nonce: Uint8Array,
  ) => NativeRemoteRegion;
  readonly PushTable: new () => NativePushTable;
  readonly yieldProcessor: () => void;
}
