/**
 * The main module of a child process that owns a fabric and does what it is told: commands come by the pipe at descriptor 4,
 * answers go to 5, and what happens by itself (wakes) goes over the asynchronous channel to the parent.
 */
import { createFabric } from '@bowecho/rdma';
import { Socket } from 'node:net';
import type { MemoryRegion } from '../../src/memory-region.js';
import type { RdmaFabric } from '../../src/rdma-fabric.js';
import { leftAt, lookUnlessAsleep } from '../conformance/settle-network.js';
import { nextTurn } from '../next-turn.js';
import { fromHex, toHex, type Answer, type Command, type Notice } from './command.js';
import { writeLine } from './synchronous-pipe.js';

const COMMANDS = 4;
const ANSWERS = 5;

let fabric: RdmaFabric | undefined;
const regions = new Map<string, MemoryRegion>();
/** By its address the parent opens this process, to look at regions whatever their fabric. */
const observed = createFabric('shared-memory');

function notify(notice: Notice): void {
  process.send!(notice);
}

function carryOut(command: Command): number | boolean | string | readonly number[] {
  if (command.do === 'create') {
    fabric?.close(() => {});
    fabric = createFabric(command.fabric, command.options) as RdmaFabric;
    regions.clear();
    return `${toHex(fabric.address)} ${toHex(observed.address)}`;
  }
  const mine = fabric!;
  switch (command.do) {
    case 'register': {
      const region = mine.register(command.bytes) as MemoryRegion;
      const key = toHex(region.key);
      regions.set(key, region);
      return `${key} ${region.native.fd} ${toHex(region.native.nonce)}`;
    }
    case 'closeRegion':
      regions.get(command.key)!.close();
      return true;
    case 'connect':
      return mine.connect(fromHex(command.address), fromHex(command.key), regions.get(command.local)!).index;
    case 'disconnect':
      mine.disconnect({ index: command.peer });
      return true;
    case 'push':
      return mine.push(Int32Array.from(command.batch), command.count);
    case 'poll':
      return mine.poll();
    case 'drain': {
      const events = new Int32Array(command.length);
      const count = mine.drain(events);
      return [count, ...events];
    }
    case 'arm':
      return mine.arm(() => notify({ woken: command.token }));
    case 'yieldProcessor':
      mine.yieldProcessor();
      return true;
    case 'look':
      return look(mine);
    case 'close': {
      mine.close(() => notify({ closed: true }));
      return true;
    }
  }
}

/** Drives what needs driving; how much is left of what was sent, less what has arrived here. */
function look(mine: RdmaFabric): number {
  lookUnlessAsleep(mine);
  return leftAt(mine);
}

function answer(command: Command): Answer {
  try {
    return { value: carryOut(command) };
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    return { error: { name, message, code } };
  }
}

let text = '';
const commands = new Socket({ fd: COMMANDS, readable: true, writable: false });
commands.setEncoding('latin1');
commands.on('data', (chunk: string) => {
  const lines = (text + chunk).split('\n');
  text = lines.pop()!;
  for (const line of lines) writeLine(ANSWERS, answer(JSON.parse(line) as Command));
});
commands.on('end', () => process.exit());

process.on('message', (message: { settle: number }) => {
  void nextTurn().then(() => notify({ settled: message.settle }));
});
