/**
 * One run of a link that breaks: two fabrics, one publishes to the other through a proxy, and the connection is reset while
 * bytes are on their way. libfabric makes a new one by itself. What must not happen: that the reader believes a counter that
 * came over the new connection and vouches for what was lost with the old one.
 */
import { createFabric } from '@bowecho/rdma';
import { holdings } from '../holdings.js';
import { nextTurn } from '../next-turn.js';
import { portOf, withPort } from './addresses.js';
import { TCP } from './describe-libfabric.js';
import { drained, pollUntil } from './poll-until.js';
import { RingWay, WAY_BYTES } from './ring-way.js';
import { TcpProxy } from './tcp-proxy.js';

export interface Break {
  /** Bytes of each ring in one push. */
  readonly bytes: number;
  /** Pushes that are on their way when the connection breaks. */
  readonly pushes: number;
  /** So many bytes of them still arrive. */
  readonly arrive: number;
  /** The writer polls until its side has noticed, and only then writes on. Else it writes at once. */
  readonly isNoticed: boolean;
  /** After so many bytes the new connection, if there is one, stands still for a while. */
  readonly pauseAfter: number;
}

export interface BreakEnd {
  /** What the reader believed, and should not have; undefined where all was right. */
  readonly found: string | undefined;
  /** Events of the writer about its peer. */
  readonly events: readonly number[];
  /** What the writer's fabric said. */
  readonly words: string;
}

/** Pushes after which a writer that was told nothing will be told nothing. */
const MOST_PUSHES = 400;

export async function breakLink({ bytes, pushes, arrive, isNoticed, pauseAfter }: Break): Promise<BreakEnd> {
  const said: string[] = [];
  const a = createFabric(TCP, { say: words => said.push(words) });
  const b = createFabric(TCP);
  const source = a.register(WAY_BYTES);
  const target = b.register(WAY_BYTES);
  const proxy = await TcpProxy.start(portOf(b.address));
  const peer = a.connect(withPort(b.address, proxy.port), target.key, source);
  b.connect(a.address, source.key, target);
  const way = new RingWay(a, peer, source, target);
  const events: number[] = [];
  let hasLost = false;
  let found: string | undefined;
  const look = (): void => {
    events.push(...drained(a).map(([event]) => event));
    hasLost ||= drained(b).length > 0; // told, so nothing is to be believed any more
    if (hasLost || found !== undefined) return;
    try {
      way.read();
    } catch (error) {
      found = (error as Error).message;
    }
  };
  const isOver = (): boolean => found !== undefined || events.length > 0 || hasLost;
  try {
    way.publish(bytes);
    await pollUntil('the first push lands', [a, b], () => (look(), way.isRead));
    proxy.hold(arrive);
    for (let i = 0; i < pushes; i++) {
      way.publish(bytes);
      a.poll();
      await nextTurn();
      b.poll();
      look();
    }
    proxy.cut();
    await nextTurn();
    const { descriptors } = holdings();
    if (isNoticed) {
      const isSeen = (): boolean => holdings().descriptors < descriptors || isOver();
      await pollUntil('the writer closes its side of the connection', [a], isSeen);
    }
    proxy.hold(pauseAfter);
    let later = 0;
    const writeOn = (): void => {
      look();
      if (isOver() || !way.hasRoom(bytes) || later === MOST_PUSHES) return;
      way.publish(bytes);
      later++;
    };
    const isPausing = (): boolean => proxy.isHolding || later === MOST_PUSHES || !way.hasRoom(bytes);
    await pollUntil('the pause', [a, b], () => (writeOn(), isOver() || isPausing()));
    for (let i = 0; i < 10; i++) {
      await nextTurn();
      a.poll();
      b.poll();
      look();
    }
    proxy.release();
    await pollUntil('somebody is told', [a, b], () => (writeOn(), isOver()));
    for (let i = 0; i < 10; i++) {
      await nextTurn();
      a.poll();
      b.poll();
      look();
    }
    return { found, events, words: said.join('; ') };
  } finally {
    const closed = [a, b].map(fabric => new Promise<void>(resolve => fabric.close(resolve)));
    await proxy.close();
    await Promise.all(closed);
  }
}
