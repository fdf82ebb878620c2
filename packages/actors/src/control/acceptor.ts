/**
 * Acceptor is the control port: it listens, decides how many connections may be open, and speaks TLS where the security
 * asks for it. With TLS the first bytes of a connection are looked at before OpenSSL sees them, so that a member without
 * TLS or a web browser is named as such.
 *
 * A member's messages come over one connection at a time. When the first message comes over a newer one, the older one is
 * ended, for what it still holds was sent before: so messages stay in order when a member has dialed again.
 */
import { BowechoError, type MemberIdentity } from '@bowecho/core';
import { createServer, type Server, type Socket } from 'node:net';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import { AcceptedConnection, remoteAddress, type AcceptedEvents } from './accepted-connection.js';
import { formatAddress, type Address } from './address.js';
import type { Answer, ChannelMessage } from './control-channel.js';
import type { ControlLimits } from './control-limits.js';
import type { ControlTls } from './control-tls.js';
import { codeOf, describeDialersTls } from './connection-problem.js';
import type { Greeting } from './greeting.js';
import { identityKey } from './identity-key.js';
import { isTls } from './preamble.js';

/** Who owns the control port. */
export interface AcceptorEvents {
  greeted(theirs: Greeting): Answer;
  received(message: ChannelMessage): void;
  /** The connection that a member's messages came over broke, and no other has taken its place. */
  silenced(member: MemberIdentity): void;
  strange(host: string, kind: string, sentence: string): void;
}

export class Acceptor {
  private readonly server: Server;
  private readonly tlsServer: TlsServer | undefined;
  /** Connections that belong to no member, oldest first; and those that do. */
  private readonly strangers = new Set<AcceptedConnection>();
  private readonly members = new Set<AcceptedConnection>();
  /** By identity: the connection that its last message came over. */
  private readonly speaking = new Map<string, AcceptedConnection>();
  /** By remote address: connections in the middle of a TLS handshake. It is all that node:tls says of them. */
  private readonly inHandshake = new Map<string, AcceptedConnection>();
  private readonly connectionEvents: AcceptedEvents;
  private opening: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;

  constructor(
    private readonly tls: ControlTls | undefined,
    private readonly limits: ControlLimits,
    private readonly events: AcceptorEvents,
  ) {
    this.connectionEvents = {
      greeted: theirs => events.greeted(theirs),
      strange: (host, kind, sentence) => events.strange(host, kind, sentence),
      admitted: this.onAdmitted,
      received: this.onReceived,
      closed: this.onClosed,
    };
    this.server = createServer(this.accept);
    this.tlsServer = tls?.createServer();
    this.tlsServer?.on('secureConnection', this.onSecure);
    this.tlsServer?.on('tlsClientError', this.onTlsError);
  }

  /**
   * Takes the address.
   *
   * @throws BowechoError `ADDRESS_IN_USE`, `CONFIG_INVALID` (an address that this machine does not have)
   */
  listen(address: Address): Promise<void> {
    const { server } = this;
    this.opening = new Promise<void>((resolve, reject) => {
      server.once('error', error => reject(listenError(error, address)));
      // Exclusive: workers of node:cluster would share the port, and a connection would go to any of them.
      server.listen({ host: address.host, port: address.port, exclusive: true }, resolve);
    });
    // Such as EMFILE: one connection could not be accepted, later ones may. Before it listens, `opening` tells it.
    server.on('error', error => {
      if (!server.listening) return;
      const sentence = `the control port could not accept a connection: ${error.message}`;
      this.events.strange('this host', codeOf(error), sentence);
    });
    return this.opening;
  }

  /** Ends the port and all its connections. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    for (const connection of [...this.strangers, ...this.members]) connection.destroy();
    // A server that is closed while it looks up its host would listen afterwards, so that is waited for.
    const isListening = await this.opening.then(
      () => true,
      () => false, // told to whoever called `listen`
    );
    if (isListening) await new Promise(resolve => this.server.close(resolve));
  }

  private readonly accept = (socket: Socket): void => {
    const connection = new AcceptedConnection(socket, this.limits, this.connectionEvents);
    if (this.closing !== undefined) return connection.destroy();
    const { maxConnections, maxHandshakes } = this.limits;
    const isFull = this.strangers.size + this.members.size >= maxConnections;
    if (isFull || this.strangers.size >= maxHandshakes) {
      const [oldest] = this.strangers;
      if (oldest === undefined) return dropForMembers(connection, maxConnections);
      // Now, and not when it has closed: more may be accepted before that.
      this.strangers.delete(oldest);
      const sentence = `too many connections to the control port have not greeted; the oldest was dropped, from ${oldest.remote}`;
      oldest.drop('crowd', sentence);
    }
    this.strangers.add(connection);
    if (this.tlsServer === undefined) connection.speak(socket);
    else socket.once('data', chunk => this.beginTls(connection, socket, chunk));
  };

  private beginTls(connection: AcceptedConnection, socket: Socket, chunk: Buffer): void {
    if (!isTls(chunk)) return connection.refusePlain(chunk);
    // The TLS server begins with what was read already.
    socket.pause();
    socket.unshift(chunk);
    this.inHandshake.set(connection.remote, connection);
    this.tlsServer?.emit('connection', socket);
  }

  private readonly onSecure = (stream: TLSSocket): void => {
    const connection = this.inHandshake.get(remoteAddress(stream));
    // Dropped in the middle of its handshake.
    if (connection === undefined || connection.isOver) return void stream.destroy();
    this.inHandshake.delete(connection.remote);
    connection.speak(stream);
    const problem = this.tls?.problemOfDialer(stream);
    if (problem === undefined) return;
    const sentence = `a connection from ${connection.remote} to the control port was refused: ${problem}`;
    connection.refuse('credentials', sentence, problem);
  };

  /** node:tls ends the connection by itself, after the alert that tells the peer. */
  private readonly onTlsError = (error: Error, stream: TLSSocket): void => {
    // Undefined where the connection has closed: then it was told there.
    const connection = this.inHandshake.get(remoteAddress(stream));
    if (connection === undefined || this.tls === undefined) return;
    const { kind, words } = describeDialersTls(error, this.tls.kind);
    connection.explain(kind, `the one who dialed the control port from ${connection.remote} ${words}`);
  };

  private readonly onAdmitted = (connection: AcceptedConnection): void => {
    this.strangers.delete(connection);
    this.members.add(connection);
  };

  private readonly onReceived = (connection: AcceptedConnection, message: ChannelMessage): void => {
    const key = identityKey(message.from);
    const before = this.speaking.get(key);
    if (before !== connection) {
      this.speaking.set(key, connection);
      if (before !== undefined) {
        before.destroy();
        this.events.silenced(message.from); // what it still carried is not taken any more
      }
    }
    this.events.received(message);
  };

  private readonly onClosed = (connection: AcceptedConnection): void => {
    this.strangers.delete(connection);
    this.members.delete(connection);
    if (this.inHandshake.get(connection.remote) === connection) this.inHandshake.delete(connection.remote);
    if (connection.member === undefined) return;
    const key = identityKey(connection.member);
    if (this.speaking.get(key) !== connection) return;
    this.speaking.delete(key);
    if (this.closing === undefined) this.events.silenced(connection.member);
  };
}

function dropForMembers(connection: AcceptedConnection, maxConnections: number): void {
  connection.drop(
    'full',
    `${maxConnections} members are connected to the control port, and it takes no more; dropped one from ${connection.remote}`,
  );
}

function listenError(error: Error, { host, port }: Address): BowechoError {
  const code = codeOf(error);
  const address = formatAddress(host, port);
  if (code === 'EADDRINUSE') {
    return new BowechoError(
      'ADDRESS_IN_USE',
      `another process, or another member of this one, already listens at '${address}' (${code}): ` +
        'end it, or give this member another address',
      { cause: error },
    );
  }
  const words = LISTEN_PROBLEMS[code] ?? `listening there failed: ${error.message}`;
  return new BowechoError('CONFIG_INVALID', `this member cannot listen at '${address}': ${words} (${code})`, {
    cause: error,
  });
}

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: 'this process may not take that port; take one above 1023, or give it the right',
  EADDRNOTAVAIL: 'this machine has no such address; name one that it has, or 0.0.0.0 for all',
  ENOTFOUND: 'the name cannot be resolved; name an address of this machine, or 0.0.0.0 for all',
  EAI_AGAIN: 'the name cannot be resolved at the moment; name an address of this machine, or 0.0.0.0 for all',
};
