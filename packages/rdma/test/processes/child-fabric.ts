/**
 * ChildFabric is a fabric in a process of its own, to be used as if it were in this one: each call is a command that waits
 * for its answer. The memory of its regions is the very memory, mapped here by the key as a peer would map it.
 */
import {
  AssertionError,
  BowechoError,
  type ErrorCode,
  type Fabric,
  type Peer,
  type Region,
} from '@bowecho/core';
import type { FabricOptions } from '@bowecho/rdma';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeParts } from '../../src/parts.js';
import { decodeAddress } from '../../src/shared-memory/address.js';
import { loadAddon } from '../../src/addon.js';
import { hostIdentity } from '../../src/shared-memory/host-identity.js';
import { PeerProcess } from '../../src/shared-memory/peer-process.js';
import { fromHex, toHex, type Answer, type Command, type Notice } from './command.js';
import { LineReader, makePipe, writeLine } from './synchronous-pipe.js';

const HOST = fileURLToPath(new URL('./fabric-host.js', import.meta.url));

/** A child process, to be used by one fabric after another. */
export class FabricChild {
  readonly process: ChildProcess;
  private readonly commands: number;
  private readonly answers: number;
  private readonly reader: LineReader;
  private readonly wakes = new Map<number, () => void>();
  private readonly settled = new Map<number, () => void>();
  private readonly closings: (() => void)[] = [];
  private tokens = 0;

  constructor() {
    const commands = makePipe();
    const answers = makePipe();
    this.process = spawn(process.execPath, [HOST], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', commands.readEnd, answers.writeEnd],
    });
    closeSync(commands.readEnd);
    closeSync(answers.writeEnd);
    this.commands = commands.writeEnd;
    this.answers = answers.readEnd;
    this.reader = new LineReader(answers.readEnd);
    this.process.on('message', (notice: Notice) => this.heard(notice));
  }

  call(command: Command): number | boolean | string | readonly number[] {
    writeLine(this.commands, command);
    const answer = this.reader.read() as Answer;
    if ('value' in answer) return answer.value;
    const { name, message, code } = answer.error;
    if (name === 'AssertionError') throw new AssertionError(message);
    if (name === 'BowechoError') throw new BowechoError(code as ErrorCode, message);
    throw new Error(`${name}: ${message}`);
  }

  arm(onReady: () => void): boolean {
    const token = this.tokens++;
    const sleeps = this.call({ do: 'arm', token }) as boolean;
    if (sleeps) this.wakes.set(token, onReady);
    return sleeps;
  }

  /** A round trip through the child's event loop; notices that were sent before have been heard when it ends. */
  settle(): Promise<void> {
    const token = this.tokens++;
    return new Promise((resolve, reject) => {
      this.settled.set(token, resolve);
      this.process.send({ settle: token }, error => {
        if (error !== null) reject(error);
      });
    });
  }

  /** Ends the process; resolves when it is gone. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const exited = new Promise(resolve => this.process.once('exit', resolve));
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill(signal);
      await exited;
    }
    closeSync(this.commands);
    closeSync(this.answers);
  }

  /** Calls back when the fabric that is being closed says that it is. */
  onClosed(call: () => void): void {
    this.closings.push(call);
  }

  private heard(notice: Notice): void {
    if ('closed' in notice) this.closings.shift()?.();
    else if ('woken' in notice) {
      this.wakes.get(notice.woken)?.();
      this.wakes.delete(notice.woken);
    } else {
      this.settled.get(notice.settled)?.();
      this.settled.delete(notice.settled);
    }
  }
}

/** The number of its part in addresses. */
const SHARED_MEMORY = 1;

interface MappedRegion extends Region {
  readonly name: string;
}

export class ChildFabric implements Fabric {
  readonly address: Uint8Array;
  /** The child as a peer of this process, by which its memory is mapped here. */
  private readonly asPeer: PeerProcess;
  private readonly regions = new Set<MappedRegion>();

  constructor(
    private readonly child: FabricChild,
    fabric: string,
    options: Pick<FabricOptions, 'host'> = {},
  ) {
    const created = child.call({ do: 'create', fabric, options }) as string;
    const [address, observed] = created.split(' ').map(fromHex);
    this.address = address!;
    const loaded = loadAddon();
    const host = hostIdentity();
    if ('reason' in loaded || 'reason' in host) throw new Error('there is no shared memory here');
    const place = decodeAddress(decodeParts(observed!, 'address').get(SHARED_MEMORY)!);
    this.asPeer = new PeerProcess(loaded.addon, host, place, () => {});
  }

  register(bytes: number): Region {
    const [name, fd, nonce] = (this.child.call({ do: 'register', bytes }) as string).split(' ');
    const mapped = this.asPeer.open({ fd: Number(fd), bytes, nonce: fromHex(nonce!) });
    const region: MappedRegion = {
      name: name!,
      key: fromHex(name!),
      memory: mapped.memory,
      close: () => {
        this.child.call({ do: 'closeRegion', key: name! });
        mapped.close();
        this.regions.delete(region);
      },
    };
    this.regions.add(region);
    return region;
  }

  /** Drives the child's fabric; how much is left of what it sent, less what it got. */
  look(): number {
    return this.child.call({ do: 'look' }) as number;
  }

  connect(address: Uint8Array, key: Uint8Array, local: Region): Peer {
    const { name } = local as MappedRegion;
    const index = this.child.call({ do: 'connect', address: toHex(address), key: toHex(key), local: name });
    return { index: index as number };
  }

  disconnect(peer: Peer): void {
    this.child.call({ do: 'disconnect', peer: peer.index });
  }

  push(batch: Int32Array, count: number): number {
    return this.child.call({ do: 'push', batch: [...batch], count }) as number;
  }

  poll(): number {
    return this.child.call({ do: 'poll' }) as number;
  }

  drain(events: Int32Array): number {
    const [count, ...filled] = this.child.call({ do: 'drain', length: events.length }) as number[];
    events.set(filled);
    return count!;
  }

  arm(onReady: () => void): boolean {
    return this.child.arm(onReady);
  }

  yieldProcessor(): void {
    this.child.call({ do: 'yieldProcessor' });
  }

  close(onClosed: () => void): void {
    for (const region of [...this.regions]) region.close();
    this.asPeer.native.close();
    this.child.onClosed(onClosed);
    this.child.call({ do: 'close' });
  }
}
