/**
 * AcceptedConnection is one connection that somebody made to the control port. It is nobody's until a greeting came and was
 * answered with ours; from then on it receives the messages of the member that greeted.
 *
 * Whatever else comes ends it: the event goes to the log in words, and to the one who dialed as a refusal. After a refusal
 * it goes on reading for a moment and throws away what comes, because closing a socket with unread bytes resets it, and
 * the words would be lost on their way.
 */
import type { MemberIdentity } from '@bowecho/core';
import type { Socket } from 'node:net';
import { formatAddress } from './address.js';
import type { Answer, ChannelMessage } from './control-channel.js';
import { KEEP_ALIVE_MILLIS, MAX_GREETING_BYTES, type ControlLimits } from './control-limits.js';
import { codeOf } from './connection-problem.js';
import { FRAME_KIND, frameOf, FrameReader, type Frame } from './frame.js';
import { decodeGreeting, encodeGreeting } from './greeting-text.js';
import { PROTOCOL_VERSION, type Greeting } from './greeting.js';
import { decodeMessage } from './message-bytes.js';
import { mayBeMember, openingOf, preamble, PreambleReader, type Opening } from './preamble.js';
import { encodeRefusal } from './refusal.js';
import { Unreadable } from './unreadable.js';

/** Who owns the connection. */
export interface AcceptedEvents {
  greeted(theirs: Greeting): Answer;
  /** The greeting was answered with ours: the connection is a member's now. */
  admitted(connection: AcceptedConnection): void;
  received(connection: AcceptedConnection, message: ChannelMessage): void;
  /** Something for the log; `kind` names it among the events of this remote host. */
  strange(host: string, kind: string, sentence: string): void;
  closed(connection: AcceptedConnection): void;
}

/** The remote host of a socket. A v6 socket shows v4 peers as ::ffff:1.2.3.4. */
function remoteHost(socket: Socket): string {
  // Undefined where the peer had gone before anybody looked.
  return (socket.remoteAddress ?? 'a host that is gone').replace(/^::ffff:(?=\d+\.)/, '');
}

/** The remote host and port of a socket. */
export function remoteAddress(socket: Socket): string {
  return formatAddress(remoteHost(socket), socket.remotePort ?? 0);
}

/** How long a refused peer may take to read why. */
const FAREWELL_MILLIS = 1_000;

export class AcceptedConnection {
  /** The remote host, and the remote address for people. */
  readonly host: string;
  readonly remote: string;
  private state: 'strange' | 'member' | 'over' = 'strange';
  private from: MemberIdentity | undefined;
  /** Where it is read and written: the socket itself, or TLS around it. */
  private stream: Socket;
  private readonly preamble = new PreambleReader();
  private hasPreamble = false;
  private readonly frames = new FrameReader(MAX_GREETING_BYTES);
  private error: Error | undefined;
  private timer: NodeJS.Timeout;

  constructor(
    private readonly socket: Socket,
    private readonly limits: ControlLimits,
    private readonly events: AcceptedEvents,
  ) {
    this.host = remoteHost(socket);
    this.remote = remoteAddress(socket);
    this.stream = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MILLIS);
    socket.on('error', this.onError);
    socket.on('close', this.onClose);
    const seconds = limits.handshakeMillis / 1_000;
    this.timer = setTimeout(
      () => this.drop('slow', `no greeting came within ${seconds} s over a connection from ${this.remote}`),
      limits.handshakeMillis,
    ).unref();
  }

  /** Whom it belongs to, once it was admitted. */
  get member(): MemberIdentity | undefined {
    return this.from;
  }

  /** Whether it is being ended: nothing of it is heard any more. */
  get isOver(): boolean {
    return this.state === 'over';
  }

  /** Begins to read `stream`: the socket, or TLS around it once that is established. */
  speak(stream: Socket): void {
    this.stream = stream;
    if (stream !== this.socket) stream.on('error', this.onError);
    stream.on('data', this.onData);
  }

  /** Ends it at once, with words for the log. */
  drop(kind: string, sentence: string): void {
    if (this.state !== 'over') this.events.strange(this.host, kind, sentence);
    this.destroy();
  }

  /** Has words for the log, of a connection that is being ended already. */
  explain(kind: string, sentence: string): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.events.strange(this.host, kind, sentence);
  }

  /** Ends it at once. */
  destroy(): void {
    this.state = 'over';
    this.stream.destroy();
    this.socket.destroy();
  }

  /** Ends it with words for the log and others for the peer. */
  refuse(kind: string, sentence: string, words: string): void {
    this.events.strange(this.host, kind, sentence);
    this.sayFarewell(encodeRefusal(words));
  }

  /** Ends it for beginning with plain bytes where TLS is asked for. */
  refusePlain(bytes: Buffer): void {
    if (!mayBeMember(bytes)) return this.refuseOpening(openingOf(bytes));
    const sentence = `a member without TLS came from ${this.remote} to the control port, which asks for TLS here`;
    this.refuse('plain', `${sentence}: ${SAME_SECURITY}`, `TLS is asked for here: ${SAME_SECURITY}`);
  }

  /** Ends it for what it began with. */
  private refuseOpening(opening: Opening): void {
    const { remote } = this;
    if (opening.kind === 'http') {
      this.drop('http', `an HTTP request came to the control port from ${remote}`);
    } else if (opening.kind === 'tls') {
      const sentence = `a TLS client came from ${remote} to the control port, which is without TLS here`;
      // Plain bytes are what tells a TLS client that no TLS is spoken here.
      this.refuse('tls', `${sentence}: ${SAME_SECURITY}`, `no TLS is spoken here: ${SAME_SECURITY}`);
    } else if (opening.kind === 'bowecho') {
      const versions = `speaks version ${opening.version} of the protocol, this member version ${PROTOCOL_VERSION}`;
      this.events.strange(this.host, 'version', `a member at ${remote} ${versions}`);
      // No frame follows: what frames are is a matter of the version. The preamble says enough.
      this.sayFarewell(Buffer.alloc(0));
    } else {
      const sentence = `bytes that are no member's came to the control port from ${remote}`;
      this.drop('bytes', `${sentence}; they began with ${opening.shown}`);
    }
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.state === 'over') return; // refused; see the top
    try {
      const rest = this.hasPreamble ? chunk : this.readPreamble(chunk);
      if (rest !== undefined) this.readFrames(rest);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const from = this.from === undefined ? '' : `member '${this.from.id}' at `;
      const sentence = `what came to the control port from ${from}${this.remote} cannot be read`;
      this.refuse('unreadable', `${sentence}: ${error.message}`, `cannot read what came: ${error.message}`);
    }
  };

  /** What follows the preamble. */
  private readPreamble(chunk: Buffer): Buffer | undefined {
    const opening = this.preamble.push(chunk);
    if (opening === undefined) return undefined;
    if (opening.kind === 'bowecho' && opening.version === PROTOCOL_VERSION) {
      this.hasPreamble = true;
      return opening.rest;
    }
    this.refuseOpening(opening);
    return undefined;
  }

  private readFrames(chunk: Buffer): void {
    this.frames.push(chunk);
    let frame = this.frames.next();
    while (frame !== undefined) {
      if (this.from === undefined) this.takeGreeting(frame);
      else this.events.received(this, decodeMessage(frame, this.from));
      // Taking it may have ended the connection; what came with it is nobody's then.
      frame = this.isOver ? undefined : this.frames.next();
    }
  }

  private takeGreeting({ kind, payload }: Frame): void {
    if (kind !== FRAME_KIND.greeting) throw new Unreadable(`a frame of kind ${kind} came before a greeting`);
    const theirs = decodeGreeting(payload);
    const answer = this.events.greeted(theirs);
    if (this.isOver) return; // closed by the one who was asked
    if ('refusal' in answer) return this.sayFarewell(encodeRefusal(answer.refusal));
    clearTimeout(this.timer);
    this.state = 'member';
    this.from = theirs.identity;
    this.frames.maxBytes = this.limits.maxFrameBytes;
    this.stream.write(preamble());
    this.stream.write(frameOf(FRAME_KIND.greeting, encodeGreeting(answer.greeting)));
    this.events.admitted(this);
  }

  /** Sends the last bytes. A member has had the preamble with our greeting. */
  private sayFarewell(frame: Buffer): void {
    if (this.state !== 'member') this.stream.write(preamble());
    this.state = 'over';
    this.stream.end(frame);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.destroy(), FAREWELL_MILLIS).unref();
  }

  /** The end of the connection follows, and is where it is looked at. */
  private readonly onError = (error: Error): void => {
    this.error ??= error;
  };

  private readonly onClose = (): void => {
    clearTimeout(this.timer);
    this.tellEnd();
    this.destroy();
    this.events.closed(this);
  };

  /** A member that ends its connection between two frames does what it may; every other end is worth a word. */
  private tellEnd(): void {
    const { state, host, remote, error } = this;
    if (state === 'over') return;
    const how = error === undefined ? 'ended' : `broke (${codeOf(error)})`;
    if (this.from !== undefined) {
      if (error === undefined && !this.frames.isInsideFrame) return;
      const where = this.frames.isInsideFrame ? ' in the middle of a frame' : '';
      this.events.strange(
        host,
        'end',
        `the connection of member '${this.from.id}' at ${remote} ${how}${where}`,
      );
      return;
    }
    const when = this.frames.isInsideFrame ? 'in the middle of its greeting' : 'before it greeted';
    const began =
      this.hasPreamble || this.preamble.length === 0 ? '' : `; it began with ${this.preamble.shown}`;
    this.events.strange(
      host,
      'end',
      `a connection from ${remote} to the control port ${how} ${when}${began}`,
    );
  }
}

const SAME_SECURITY = 'all members must use the same secret, or certificates';
