/**
 * What auto.test.ts looks at, as the main module of a process in a network namespace of its own, where an address that is not
 * loopback's leads nowhere outside. Prints what it found as JSON.
 *
 *     auto-run.js HOST           meets a fabric of its own, and starts the next as another user
 *     auto-run.js HOST ADDRESS KEY    writes into the memory of the first, and ends when its input does
 */
import { createFabric } from '@bowecho/rdma';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { decodeParts } from '../../src/parts.js';
import { nextTurn } from '../next-turn.js';
import { span } from '../pair.js';
import { fromHex, toHex } from '../processes/command.js';
import { pollUntil } from './poll-until.js';

const NOBODY = 65534;
const BYTES = 64;

export interface AutoFindings {
  /** The transports in the address of a fabric bound to that host, and of one bound to loopback. */
  readonly parts: readonly (readonly number[])[];
  /** Of a way to a fabric of this process. */
  readonly landsWithoutPoll: boolean;
  /** Of a way from a process of another user. */
  readonly landsFromOtherUser: boolean;
  readonly said: readonly string[];
  readonly saidByOtherUser: readonly string[];
}

const [host, address, key] = process.argv.slice(2) as [string, string?, string?];
const said: string[] = [];
const fabric = createFabric('auto', { host, say: words => said.push(words) });
const region = fabric.register(BYTES);

if (address === undefined) await meet();
else await write(fromHex(address), fromHex(key!));

async function meet(): Promise<void> {
  const local = createFabric('auto', { host: '127.0.0.1' });
  const other = createFabric('auto', { host });
  const target = other.register(BYTES);
  const peer = fabric.connect(other.address, target.key, region);
  new Uint8Array(region.memory).fill(4);
  fabric.push(span(peer, BYTES), 1);
  const landsWithoutPoll = new Uint8Array(target.memory)[BYTES - 1] === 4;

  const args = [fileURLToPath(import.meta.url), host, toHex(fabric.address), toHex(region.key)];
  const child = spawn(process.execPath, args, { uid: NOBODY, stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = once(child, 'exit');
  const seen = new Uint8Array(region.memory);
  await pollUntil('the other user writes', [fabric], () => seen[0] === 8 || child.exitCode !== null);
  child.stdin.end();
  await exited;
  const findings: AutoFindings = {
    parts: [fabric, local].map(one => [...decodeParts(one.address, 'address').keys()]),
    landsWithoutPoll,
    landsFromOtherUser: seen[BYTES - 1] === 8,
    said,
    saidByOtherUser: text === '' ? [] : (JSON.parse(text) as string[]),
  };
  for (const one of [fabric, local, other]) one.close(() => {});
  console.log(JSON.stringify(findings));
}

async function write(to: Uint8Array, there: Uint8Array): Promise<void> {
  const peer = fabric.connect(to, there, region);
  console.log(JSON.stringify(said));
  new Uint8Array(region.memory).fill(8);
  fabric.push(span(peer, BYTES), 1);
  let isOver = false;
  process.stdin.resume().once('end', () => (isOver = true));
  while (!isOver) {
    fabric.poll();
    await nextTurn();
  }
  fabric.close(() => {});
}
