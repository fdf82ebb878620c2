/**
 * TcpProxy stands between two endpoints of libfabric, which then are connected through it without knowing. It breaks their
 * connections as networks do, at a byte that the test chooses: what the kernel here has taken and not delivered is lost.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Link {
  readonly near: Socket;
  readonly far: Socket;
}

export class TcpProxy {
  private readonly links = new Set<Link>();
  private budget = Infinity;
  /** How many connections came in so far. */
  connections = 0;
  /** Bytes on their way to the target, of all connections. */
  forwarded = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', near => this.open(near));
  }

  /** @param target the port of the endpoint behind it */
  static async start(target: number): Promise<TcpProxy> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: false });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new TcpProxy(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Whether so many bytes went on as were allowed. */
  get isHolding(): boolean {
    return this.budget === 0;
  }

  /** Lets that many more bytes through to the target, and keeps the rest. */
  hold(after = 0): void {
    this.budget = after;
  }

  /** Lets everything through again. */
  release(): void {
    this.budget = Infinity;
    for (const { near } of this.links) near.resume();
  }

  /** Resets all connections: what was kept is lost, and so is what is in the kernel's buffers. */
  cut(): void {
    for (const { near, far } of this.links) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    this.links.clear();
  }

  async close(): Promise<void> {
    const closed = new Promise(resolve => this.server.close(resolve));
    this.cut();
    await closed;
  }

  private open(near: Socket): void {
    this.connections++;
    const far = connect(this.target, '127.0.0.1');
    const link = { near, far };
    this.links.add(link);
    near.setNoDelay(true);
    far.setNoDelay(true);
    const end = (): void => {
      this.links.delete(link);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      socket.on('error', end); // one side was reset: so is the other
      socket.on('close', end);
    }
    near.on('data', (bytes: Buffer) => this.forward(link, bytes));
    far.on('data', (bytes: Buffer) => void near.write(bytes));
    near.resume();
  }

  private forward({ near, far }: Link, bytes: Buffer): void {
    const taken = bytes.subarray(0, this.budget);
    this.budget -= taken.length;
    this.forwarded += taken.length;
    if (taken.length > 0) far.write(taken);
    if (taken.length === bytes.length) return;
    near.pause();
    near.unshift(bytes.subarray(taken.length));
  }
}
