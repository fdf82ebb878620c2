/**
 * Fabric is all that the protocol may assume of a network: one-sided writes into registered memory of peers.
 *
 *  1. Writes of one node to another become visible there in the order posted, whatever regions they go to.
 *  2. A write has no order inside and may be seen half landed. An aligned cell of 8 bytes lands whole on shared memory
 *     and NICs; on TCP it may not.
 *  3. On libfabric nothing is visible before the target calls `poll()`. On shared memory a write may become visible at
 *     any moment, also between two reads of one turn. The protocol assumes the worse of both.
 *  4. A *captured* span is copied when it is posted. A *borrowed* span stays unchanged until the protocol allows
 *     overwriting it, and may be copied at any time until then.
 *  5. A completion permits reuse of the source and says nothing of arrival: stability comes from the table alone.
 *  6. A failed peer is reported once, as a hint, or as gone where its process has ended for certain. Only `Region.close()` fences writers out.
 *  7. No write is missing before one that is seen. A fabric whose connections can break and lose some says so by the poll
 *     that shows the first write after the gap: nothing that this peer wrote may be believed from then on.
 *
 * The suite `fabricConformance` of `@bowecho/testing` holds every fabric to this text, the simulated one included.
 */

/** Memory that peers may write into. */
export interface Region {
  /** The bytes. After `close()` they are of length 0 or show zeros, as the fabric has it: nobody may look any more. */
  readonly memory: ArrayBuffer;
  /** What a peer needs to write here; travels over the control channel. */
  readonly key: Uint8Array;
  /** Fences all writers out: no write lands after it returns. Calling it twice is allowed. */
  close(): void;
}

/** The way from one local region to one remote region. `index` names it in push batches. */
export interface Peer {
  readonly index: number;
}

/** A push batch is a list of descriptors of `PUSH_STRIDE` int32 each, in this order. */
export const PUSH_STRIDE = 5;
export const PUSH_PEER = 0;
export const PUSH_LOCAL_OFFSET = 1;
export const PUSH_REMOTE_OFFSET = 2;
export const PUSH_LENGTH = 3;
export const PUSH_FLAGS = 4;

/** Flags, added up. The span is borrowed: the fabric may read its bytes after `push` returned. */
export const BORROWED = 0;
/** The span is copied before `push` returns. */
export const CAPTURED = 1;
/** Whoever sleeps there need not be woken for this span: it is seen when its target looks the next time. */
export const QUIET = 2;

/** `drain` fills events of `EVENT_STRIDE` int32 each: kind, then peer index. */
export const EVENT_STRIDE = 2;
/** A hint: that peer takes no writes of mine, or its process has ended. */
export const EVENT_PEER_FAILED = 1;
/** A fact: writes of that peer to me were lost, and later ones may have landed. */
export const EVENT_WRITES_LOST = 2;
/** A fact: the process of that peer has ended. */
export const EVENT_PEER_GONE = 3;

export interface Fabric {
  /** Where peers connect to; travels over the control channel. */
  readonly address: Uint8Array;
  /** Registers zeroed memory of `bytes` bytes. */
  register(bytes: number): Region;
  /** Opens the way from `local` to the region `key` at `address`. */
  connect(address: Uint8Array, key: Uint8Array, local: Region): Peer;
  /** Ends my writes to that peer and the hints about it. */
  disconnect(peer: Peer): void;
  /**
   * Posts the first `count` descriptors of `batch` in order and says how many it accepted; those that were not must be
   * offered again before any newer ones, or a counter would overtake the bytes that it vouches for. A fabric that did not
   * accept all does not let its owner sleep: `arm` is false, or calls back, once it would accept more.
   */
  push(batch: Int32Array, count: number): number;
  /** Drives progress. Returns how much was done, as far as the fabric knows; memory may have changed in any case. */
  poll(): number;
  /** Takes pending events; returns how many were written to `events`. */
  drain(events: Int32Array): number;
  /** Asks for one call of `onReady` when memory may have changed. False: work is pending, do not sleep. */
  arm(onReady: () => void): boolean;
  /** Lets other processes of this machine have the processor; for a turn without work. Returns soon in any case. */
  yieldProcessor(): void;
  /** Closes every region and calls `onClosed` when nothing borrows memory any more. */
  close(onClosed: () => void): void;
}
