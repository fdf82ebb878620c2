/**
 * What the TCP control channel allows its peers, and for how long it waits for them. Sizes are bytes, times milliseconds.
 */
export interface ControlLimits {
  /** The payload of one frame after the greeting. A longer message is not sent; a longer frame ends its connection. */
  readonly maxFrameBytes: number;
  /** What may wait to be sent to one member. Beyond it the member counts as lost: it does not read. */
  readonly maxQueuedBytes: number;
  /** Accepted connections that have not greeted. One more drops the oldest of them. */
  readonly maxHandshakes: number;
  /** Accepted connections in all. */
  readonly maxConnections: number;
  /** To finish TLS and the greeting, on either side. */
  readonly handshakeMillis: number;
  /** To reach a seed at all. */
  readonly connectMillis: number;
  /** Between two dials of a seed: the shortest, and the longest after doubling. */
  readonly firstRetryMillis: number;
  readonly lastRetryMillis: number;
  /** To hand what was sent to the network at the end. */
  readonly closeMillis: number;
}

export const CONTROL_LIMITS: ControlLimits = Object.freeze({
  maxFrameBytes: 64 * 1024 * 1024,
  maxQueuedBytes: 256 * 1024 * 1024,
  maxHandshakes: 128,
  maxConnections: 1_024,
  handshakeMillis: 10_000,
  connectMillis: 5_000,
  firstRetryMillis: 50,
  lastRetryMillis: 1_000,
  closeMillis: 1_000,
});

/** The payload of a frame before the greeting was accepted, and so of a greeting. Both sides must agree on it. */
export const MAX_GREETING_BYTES = 256 * 1024;

/** Idle milliseconds after which the kernel asks whether the peer's machine is still there. */
export const KEEP_ALIVE_MILLIS = 5_000;
