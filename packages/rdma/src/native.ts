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
  /** The same for a way over libfabric; `remote` is the number that `NativeEndpoint.insert` gave. */
  addNetwork(
    local: NativeRegistration,
    endpoint: NativeEndpoint,
    remote: number,
    there: NativeRemoteMemory,
  ): number;
  remove(index: number): void;
  /** Where batches lie from now on; the caller keeps the array alive. */
  useBatch(batch: Int32Array): void;
  /** Undefined if all `count` descriptors were carried out. Else the place of the first that is bad; those before it were. */
  readonly push: (count: number) => number | undefined;
}

/** A region there, as its key describes it. */
export interface NativeRemoteMemory {
  readonly key: bigint;
  readonly base: bigint;
  readonly bytes: number;
}

/** A region as libfabric knows it. */
export interface NativeRegistration {
  readonly key: bigint;
  readonly base: bigint;
  close(): void;
}

/** What an endpoint's gauges count, as native/libfabric/open-endpoint.h numbers them. */
export const GAUGE = {
  failuresPending: 0,
  writesUnderWay: 1,
  writesWaiting: 2,
  writesPosted: 3,
  bytesPosted: 4,
  pushesSent: 5,
  pushesArrived: 6,
} as const;
export const GAUGES = 7;

export interface NativeEndpointOptions {
  /** As libfabric spells it: `tcp;ofi_rxm`. */
  readonly provider: string;
  /** A local address, or empty. */
  readonly node: string;
  /** 32 random bits that travel with the address. */
  readonly tag: number;
  /** `GAUGES` numbers, which the endpoint writes. */
  readonly gauges: Float64Array;
}

export interface NativeEndpointFacts {
  readonly provider: string;
  /** The device or interface. */
  readonly domain: string;
  readonly injectBytes: number;
  readonly spansPerWrite: number;
  readonly bytesPerWrite: number;
  /** Whether `arm` can be used. */
  readonly canWait: boolean;
  /** Whether a target learns that pushes have landed. Else memory has to be looked at. */
  readonly tellsArrivals: boolean;
}

/** An endpoint of libfabric. */
export interface NativeEndpoint {
  /** Called from the event loop, once for each successful `arm`. */
  onReady?: () => void;
  readonly address: Uint8Array;
  readonly facts: NativeEndpointFacts;
  /** Gives the number of the endpoint at that address. */
  insert(address: Uint8Array, tag: number): number;
  /** Drives progress; how many pushes of others have landed, where that is told. */
  readonly progress: () => number;
  /** False: look at memory, then ask again. */
  arm(): boolean;
  /** Whether there is something to make progress with. */
  isReadable(): boolean;
  /** Nobody writes to that number any more: what waits to be sent there is dropped. */
  drop(number: number): void;
  takeFailures(): readonly {
    readonly remote: number;
    readonly words: string;
    /** Writes from there to here were lost; else, writes to there find no way. */
    readonly lostWrites: boolean;
  }[];
  close(): void;
}

/** What libfabric offers on this machine; or why there is no libfabric that can be used. */
export type NativeProviders =
  | {
      readonly version: readonly [major: number, minor: number];
      readonly providers: readonly NativeProvider[];
    }
  | { readonly reason: string };

export interface NativeProvider {
  readonly provider: string;
  readonly domain: string;
  /** Numeric, or empty where its addresses are not of the internet. */
  readonly address: string;
}

/** The classes of libfabric; missing where the addon was built without its headers. */
export interface NativeLibfabric {
  readonly Endpoint: new (options: NativeEndpointOptions) => NativeEndpoint;
  readonly Registration: new (endpoint: NativeEndpoint, region: NativeRegion) => NativeRegistration;
  readonly listProviders: (options: { readonly node: string }) => NativeProviders;
}

export interface NativeAddon extends Partial<NativeLibfabric> {
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
