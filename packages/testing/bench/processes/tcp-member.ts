/**
 * What a program without this library would do: every sender writes length-prefixed messages to every other member over
 * TCP, many at once, and every member counts what arrives. No order between senders, no acknowledgement, nothing agreed.
 */
import { connect, createServer, type Socket } from 'node:net';
import { medianRound } from '../measure.js';
import { job, myRank, onRelayed, relay, report } from './job.js';

/** Bytes that are sent at once, about. */
const BATCH_BYTES = 64 * 1024;
const HEADER_BYTES = 4;

const seen = { delivered: 0, sum: 0 };

/** Counts whole messages in a stream. */
function count(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', chunk => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + bytes.readUInt32LE(at);
      if (end > bytes.length) break;
      deliver(bytes, at + HEADER_BYTES);
      at = end;
    }
    rest = bytes.subarray(at);
  });
}

const server = createServer(count);
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
const others: Promise<Socket>[] = [];
onRelayed((_, value) => {
  others.push(
    new Promise(resolve => {
      const socket: Socket = connect(value as number, '127.0.0.1', () => resolve(socket.setNoDelay()));
    }),
  );
  if (others.length === job.members - 1) void Promise.all(others).then(run);
});
relay((server.address() as { port: number }).port);

/** Calls back for every message, as any application would be. */
function deliver(memory: Buffer, offset: number): void {
  seen.sum += memory[offset]!;
  seen.delivered++;
}

async function run(sockets: readonly Socket[]): Promise<void> {
  const payload = Buffer.alloc(job.size, 1);
  const perBatch = Math.max(1, Math.floor(BATCH_BYTES / (job.size + HEADER_BYTES)));
  const writeBatch = job.kind === 'packed' ? packed : corked;
  const send = (): void => {
    const isFull = writeBatch(sockets, payload, perBatch);
    if (!isFull) setImmediate(send);
    else void Promise.all(sockets.map(drained)).then(() => setImmediate(send));
  };
  if (myRank < job.senders) send();
  process.once('SIGTERM', () => process.exit());
  report(await medianRound(() => seen.delivered, job.seconds));
}

/** As Node's documentation has it: one `write` a message, between `cork` and `uncork`, which makes one system call of many. */
function corked(sockets: readonly Socket[], payload: Buffer, count: number): boolean {
  for (const socket of sockets) socket.cork();
  let isFull = false;
  for (let i = 0; i < count; i++) {
    const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
    frame.writeUInt32LE(payload.length, 0);
    frame.set(payload, HEADER_BYTES);
    for (const socket of sockets) if (!socket.write(frame)) isFull = true;
    deliver(frame, HEADER_BYTES);
  }
  for (const socket of sockets) socket.uncork();
  return isFull;
}

/** As an expert writes it: messages copied one behind the other into one large buffer, and one `write` for all. */
function packed(sockets: readonly Socket[], payload: Buffer, count: number): boolean {
  const batch = Buffer.allocUnsafe(count * (HEADER_BYTES + payload.length));
  let at = 0;
  for (let i = 0; i < count; i++) {
    batch.writeUInt32LE(payload.length, at);
    batch.set(payload, at + HEADER_BYTES);
    deliver(batch, at + HEADER_BYTES);
    at += HEADER_BYTES + payload.length;
  }
  return sockets.map(socket => !socket.write(batch)).includes(true);
}

function drained(socket: Socket): Promise<void> {
  if (!socket.writableNeedDrain) return Promise.resolve();
  return new Promise(resolve => socket.once('drain', resolve));
}
