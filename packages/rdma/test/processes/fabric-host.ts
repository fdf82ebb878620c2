/**
 * The main module of a child process that owns a fabric and does what it is told: commands come by the pipe at descriptor 4,
 * answers go to 5, and what happens by itself (wakes) goes over the asynchronous channel to the parent.
 */
import { createFabric } from '@bowecho/rdma';
import type { Fabric, Region } from '@bowecho/core';
import { Socket } from 'node:net';
import { nextTurn } from '../next-turn.js';
import { fromHex, toHex, type Answer, type Command, type Notice } from './command.js';
import { writeLine } from './synchronous-pipe.js';

const COMMANDS = 4;
const ANSWERS = 5;

let fabric: Fabric | undefined;
const regions = new Map<string, Region>();

function notify(notice: Notice): void {
  process.send!(notice);
}

function carryOut(command: Command): number | boolean | string | readonly number[] {
  if (command.do === 'create') {
    fabric?.close(() => {});
    fabric = createFabric('shared-memory');
    regions.clear();
    return toHex(fabric.address);
  }
  const mine = fabric!;
  switch (command.do) {
    case 'register': {
      const region = mine.register(command.bytes);
      regions.set(toHex(region.key), region);
      return toHex(region.key);
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
    case 'close': {
      let closed = 0;
      mine.close(() => closed++);
      return closed;
    }
  }
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
