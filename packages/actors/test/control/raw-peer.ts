/**
 * Peers that are no members: raw connections to a control port, and servers that answer a dial in their own way. They say
 * what they are told to, and nobody keeps them from breaking the rules.
 */
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { FRAME_KIND, frameOf } from '../../src/control/frame.js';
import { encodeGreeting } from '../../src/control/greeting-text.js';
import { encodeMessage } from '../../src/control/message-bytes.js';
import { preamble } from '../../src/control/preamble.js';
import { application, greetingOf } from './test-member.js';

/** What an honest dialer sends first, and an honest acceptor answers. */
export function hello(id: string, incarnation = 1): Buffer {
  return Buffer.concat([
    preamble(),
    frameOf(FRAME_KIND.greeting, encodeGreeting(greetingOf(id, incarnation))),
  ]);
}

/** An application message as a frame. */
export function messageFrame(text: string): Buffer {
  const message = application({ id: 'unused', incarnation: 0 }, Buffer.from(text));
  return Buffer.concat(encodeMessage(message, 2 ** 31));
}

/** A header that announces a payload. */
export function headerOf(length: number, kind: number): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32LE(length, 0);
  header[4] = kind;
  return header;
}

const open = new Set<{ destroy(): void }>();

/** Ends all that this file opened. */
export function closeRawPeers(): void {
  for (const it of open) it.destroy();
  open.clear();
}

/** A connection to a port of this machine. */
export class RawPeer {
  readonly socket: Socket;
  private readonly chunks: Buffer[] = [];
  private readonly closing: Promise<void>;

  constructor(port: number, socket = connect({ host: '127.0.0.1', port })) {
    this.socket = socket;
    open.add(socket);
    socket.on('data', chunk => this.chunks.push(chunk));
    socket.on('error', () => undefined); // a reset is what these peers ask for
    this.closing = new Promise(resolve => socket.once('close', () => resolve()));
  }

  write(...pieces: readonly (string | Uint8Array)[]): this {
    for (const piece of pieces) this.socket.write(piece);
    return this;
  }

  get heard(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** Resolves with all that was heard once the connection is over. */
  async closed(): Promise<Buffer> {
    await this.closing;
    return this.heard;
  }

  /** Resolves once anything was heard. */
  async answered(): Promise<Buffer> {
    while (this.chunks.length === 0) await new Promise(resolve => this.socket.once('data', resolve));
    return this.heard;
  }
}

/** A server of this machine that does with each connection what it is told. */
export async function rawServer(onConnection: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer(socket => {
    open.add(socket);
    socket.on('error', () => undefined); // as above
    onConnection(socket);
  });
  open.add({ destroy: () => server.close() });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Between a dialer and a control port: breaks connections when it is told to. */
export class Wire {
  private readonly sockets = new Set<Socket>();
  address = '';

  static async to(port: number): Promise<Wire> {
    const wire = new Wire();
    wire.address = await rawServer(near => {
      const far = connect({ host: '127.0.0.1', port });
      open.add(far);
      far.on('error', () => undefined); // as above
      for (const socket of [near, far]) wire.sockets.add(socket);
      near.pipe(far).pipe(near);
    });
    return wire;
  }

  /** Resets all connections. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
    this.sockets.clear();
  }
}
