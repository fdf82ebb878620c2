/** The main module of one member of a stress run: connects to the others, and plays its game until it is done or finds something. */
import type { Fabric } from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { nextTurn } from '../next-turn.js';
import type { RdmaFabric } from '../../src/rdma-fabric.js';
import { SharedMemoryTransport } from '../../src/shared-memory/shared-memory-transport.js';
import { LibfabricTransport } from '../../src/libfabric/libfabric-transport.js';
import { Board, gameOf, type Game } from './games.js';
import { mutate } from './mutants.js';
import type { Introduction, Orders, Report, Request } from './stress-link.js';
import { ROW_BYTES } from './stress-row.js';

/** So that messages of the run are heard. */
const STEPS_PER_TURN = 200;
/** Rounds of an empty loop before a member looks and sleeps: now none, now about as long as a ball takes. */
const LONGEST_PAUSE = 4000;

const orders = JSON.parse(process.argv[2]!) as Orders;
const whole = createFabric(orders.fabric) as RdmaFabric;
const fabric: Fabric = orders.mutant === undefined ? whole : mutate(whole, orders.mutant);
const region = whole.register(orders.members * ROW_BYTES);
let game: Game | undefined;
const isSleepless = orders.hunt === 'lost wake-ups' && orders.rank === 0;
let isAsleep = false;
let isDone = false;
let isEnding = false;
let sleeps = 0;
let draws = orders.rank;
const paused = new Int32Array(1);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const report = (what: Report): void => void process.send!(what);

function connect(introductions: readonly Introduction[]): void {
  const peers = introductions.map(({ address, key }, rank) =>
    rank === orders.rank ? undefined : whole.connect(fromHex(address), fromHex(key), region),
  );
  game = gameOf(new Board(orders, fabric, region.memory, peers));
  report('ready');
}

/** Some steps, then a turn of the event loop for the messages of the run, or a sleep. */
function play(): void {
  try {
    if (game!.isDone) finish();
    else if (orders.hunt.startsWith('lost')) playAndSleep();
    else playAwake();
  } catch (error) {
    report({ found: (error as Error).message });
  }
}

function playAwake(): void {
  for (let i = 0; i < STEPS_PER_TURN; i++) {
    fabric.poll();
    if (!game!.step()) fabric.yieldProcessor();
  }
  setImmediate(play);
}

/**
 * One look and then to sleep at once, so that every ball that comes just now meets one or the other. Of two alone, one does
 * not sleep: then balls come while the other is about to sleep, and not always long after.
 */
function playAndSleep(): void {
  for (let i = 0; i < STEPS_PER_TURN; i++) {
    pause();
    fabric.poll();
    const worked = game!.step();
    if (game!.isDone) break;
    if (worked || isSleepless || !fabric.arm(wake)) continue;
    isAsleep = true;
    sleeps++;
    return;
  }
  setImmediate(play);
}

/** Varied, and never in step with what the others do. */
function pause(): void {
  draws = (Math.imul(draws, 1103515245) + 12345) >>> 0;
  for (let i = (draws >>> 16) % LONGEST_PAUSE; i > 0; i--) paused[0]!++;
}

function wake(): void {
  isAsleep = false;
  play();
}

function finish(): void {
  isDone = true;
  report({ done: sleeps });
  serve();
}

/** What was pushed last may still need this process, to be sent. */
function serve(): void {
  if (isEnding) return;
  fabric.poll();
  setImmediate(serve);
}

process.on('message', (request: Request) => {
  if (request === 'go') play();
  else if (request === 'end') {
    isEnding = true;
    whole.close(() => process.disconnect());
  } else if (request === 'look') void look();
  else connect(request.introductions);
});

function transportState(): number[] {
  const transport = whole.transports[0];
  if (transport instanceof SharedMemoryTransport) return [transport['doorbell']['word'][0]!];
  return transport instanceof LibfabricTransport ? [...transport.gauges] : [];
}

/** After a whole turn of the event loop, so that a ring that is on its way has been heard. */
async function look(): Promise<void> {
  await nextTurn();
  report({
    look: {
      isAsleep,
      isDone,
      isPending: game!.isPending,
      hits: game!.hits,
      sleeps,
      transport: transportState(),
    },
  });
}

report({ introduction: { address: hex(whole.address), key: hex(region.key) } });
