/**
 * DialedConnection is one connection that this member made to a seed: TCP, TLS where it is asked for, the preamble and the
 * greeting, and then messages, which go this way only. What comes the other way is the answer, and perhaps a refusal.
 *
 * It always ends, once, with a sentence that says why.
 */
import type { MemberIdentity } from '@bowecho/core';
import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Address } from './address.js';
import { codeOf, describeSocketError, describeTlsProblem } from './connection-problem.js';
import { KEEP_ALIVE_MILLIS, MAX_GREETING_BYTES, type ControlLimits } from './control-limits.js';
import type { ControlTls } from './control-tls.js';
import { FRAME_KIND, FrameReader, type Frame } from './frame.js';
import { decodeGreeting } from './greeting-text.js';
import { PROTOCOL_VERSION, type Greeting } from './greeting.js';
import { preamble, PreambleReader, type Opening } from './preamble.js';
import { decodeRefusal } from './refusal.js';
import { Unreadable } from './unreadable.js';

/** What every dial of a channel has in common. */
export interface DialOptions {
  /** This member's greeting as a frame: what is sent first, after the preamble. */
  readonly greetingFrame: Buffer;
  readonly tls: ControlTls | undefined;
  readonly limits: ControlLimits;
}

/** Who dialed. Called from events of the socket, never in the middle of a call. */
export interface DialEvents {
  answered(theirs: Greeting): void;
  /** It is over. `member` is who had answered. `isNobody`: the machine said that nobody listens there. */
  ended(reason: string, member: MemberIdentity | undefined, isNobody: boolean): void;
}

export class DialedConnection {
  private readonly socket: Socket;
  private readonly preamble = new PreambleReader();
  private hasPreamble = false;
  private readonly frames = new FrameReader(MAX_GREETING_BYTES);
  private from: MemberIdentity | undefined;
  /** Whether the handshake of TLS is done; from the start where there is none. */
  private isSecure: boolean;
  /** Why it ends: the first that was noticed. Nothing is sent or read any more. */
  private reason: string | undefined;
  private isNobody = false;
  private isCorked = false;
  private timer: NodeJS.Timeout;
  private readonly gone: Promise<void>;

  constructor(
    { host, port }: Address,
    private readonly options: DialOptions,
    private readonly events: DialEvents,
  ) {
    const { tls, limits } = options;
    this.isSecure = tls === undefined;
    this.socket = tls === undefined ? connect({ host, port }) : tls.dial({ host, port });
    this.timer = this.endAfter(limits.connectMillis, 'that machine did not answer');
    this.gone = new Promise(resolve => this.socket.once('close', () => resolve()));
    this.socket.on('connect', this.onConnect);
    this.socket.on('secureConnect', this.onSecure);
    this.socket.on('data', this.onData);
    this.socket.on('error', this.onError);
    this.socket.on('close', this.onClose);
  }

  /** Who answered, while messages can be sent there. */
  get member(): MemberIdentity | undefined {
    return this.reason === undefined ? this.from : undefined;
  }

  /** Sends the pieces of a frame, one after the other. False: nothing was sent. */
  send(pieces: readonly Uint8Array[]): boolean {
    if (this.member === undefined) return false;
    const { socket } = this;
    let bytes = socket.writableLength;
    for (const piece of pieces) bytes += piece.length;
    if (bytes > this.options.limits.maxQueuedBytes) {
      this.end(
        `it does not read: ${socket.writableLength} bytes wait to be sent to it, and no more are kept`,
      );
      return false;
    }
    // What is sent in one go of the program leaves in one write.
    if (!this.isCorked) {
      this.isCorked = true;
      socket.cork();
      process.nextTick(this.uncork);
    }
    for (const piece of pieces) socket.write(piece);
    return true;
  }

  /** Ends it after what was sent, which may take `closeMillis`. Its events are still called. */
  close(): Promise<void> {
    const { socket } = this;
    if (this.member === undefined) {
      this.end('this member closed the connection');
    } else {
      this.reason = 'this member closed the connection';
      socket.end(() => socket.destroy());
      this.timer = setTimeout(() => socket.destroy(), this.options.limits.closeMillis).unref();
    }
    return this.gone;
  }

  private end(reason: string): void {
    this.reason ??= reason;
    this.socket.destroy();
  }

  private endAfter(millis: number, what: string): NodeJS.Timeout {
    // The socket keeps the process alive, and for a wait of this length it need not.
    return setTimeout(() => this.end(`${what} within ${millis / 1_000} s`), millis).unref();
  }

  private readonly uncork = (): void => {
    this.isCorked = false;
    this.socket.uncork();
  };

  private readonly onConnect = (): void => {
    this.socket.setNoDelay(true);
    this.socket.setKeepAlive(true, KEEP_ALIVE_MILLIS);
    clearTimeout(this.timer);
    const what = 'it accepted the connection and did not answer the greeting';
    this.timer = this.endAfter(this.options.limits.handshakeMillis, what);
    if (this.isSecure) this.greet();
  };

  private readonly onSecure = (): void => {
    this.isSecure = true;
    // Only TLS emits this.
    const problem = this.options.tls?.problemOfAcceptor(this.socket as TLSSocket);
    if (problem === undefined) this.greet();
    else this.end(problem);
  };

  private greet(): void {
    this.socket.write(preamble());
    this.socket.write(this.options.greetingFrame);
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.reason !== undefined) return;
    try {
      const rest = this.hasPreamble ? chunk : this.readPreamble(chunk);
      if (rest !== undefined) this.readFrames(rest);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.end(`what it answers cannot be read: ${error.message}`);
    }
  };

  private readPreamble(chunk: Buffer): Buffer | undefined {
    const opening = this.preamble.push(chunk);
    if (opening === undefined) return undefined;
    if (opening.kind === 'bowecho' && opening.version === PROTOCOL_VERSION) {
      this.hasPreamble = true;
      return opening.rest;
    }
    this.end(describeOpening(opening));
    return undefined;
  }

  private readFrames(chunk: Buffer): void {
    this.frames.push(chunk);
    let frame = this.frames.next();
    while (frame !== undefined) {
      this.take(frame);
      frame = this.reason === undefined ? this.frames.next() : undefined;
    }
  }

  private take({ kind, payload }: Frame): void {
    if (kind === FRAME_KIND.refusal) return this.end(`it refused: ${decodeRefusal(payload)}`);
    if (kind !== FRAME_KIND.greeting || this.from !== undefined) {
      throw new Unreadable(`a frame of kind ${kind} came, and only a greeting or a refusal may`);
    }
    const theirs = decodeGreeting(payload);
    clearTimeout(this.timer);
    this.from = theirs.identity;
    this.events.answered(theirs);
  }

  private readonly onError = (error: Error): void => {
    const { tls } = this.options;
    const isTls = tls !== undefined && (!this.isSecure || 'library' in error);
    // The socket is closed by this error, and `onClose` tells it.
    this.isNobody = codeOf(error) === 'ECONNREFUSED';
    this.reason ??= isTls ? describeTlsProblem(error, tls.kind) : describeSocketError(error);
  };

  private readonly onClose = (): void => {
    clearTimeout(this.timer);
    this.reason ??= this.reasonOfEnd();
    this.events.ended(this.reason, this.from, this.isNobody);
  };

  private reasonOfEnd(): string {
    if (this.from !== undefined) return 'it closed the connection';
    if (this.hasPreamble || this.preamble.length === 0) return 'it closed the connection without an answer';
    return `no Bowecho member answers there: the answer was ${this.preamble.shown}`;
  }
}

function describeOpening(opening: Opening): string {
  if (opening.kind === 'bowecho') {
    return (
      `it speaks version ${opening.version} of the protocol, this member version ${PROTOCOL_VERSION}` +
      ': all members must run versions that speak the same'
    );
  }
  if (opening.kind === 'tls') {
    return 'it speaks TLS, and this member does not: all members must use the same secret, or certificates';
  }
  return `no Bowecho member answers there: the answer began with ${opening.shown}`;
}
