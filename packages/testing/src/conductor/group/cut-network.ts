/**
 * CutNetwork is a network of this machine for one group whose links can be cut, in both directions or in one: each member
 * has a network namespace of its own, and a bridge between them forwards or drops frames.
 *
 * It stands in a network namespace of the conductor (see own-network.ts), so it touches nothing of the machine's network, and
 * the kernel takes all of it away when the processes are gone. A process per member holds the member's namespace; it ends when the
 * pipe to the conductor does.
 */
import { LocalMember, type LocalMemberOptions } from '@bowecho/actors/local';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { makeNodeWrapper } from './node-wrapper.js';

const run = promisify(execFile);

const BRIDGE = 'soak0';
const TABLE = ['bridge', 'soak'] as const;
const PORT = 7400;

type StartOptions = Omit<LocalMemberOptions, 'id' | 'address' | 'seeds'>;

/** The process that holds a member's namespace. */
interface Holder {
  readonly stdin: Writable;
  readonly exited: Promise<unknown>;
}

export class CutNetwork {
  /** Beyond loopback members know each other by it. */
  private readonly secret = randomBytes(32).toString('hex');

  private constructor(
    private readonly holders: readonly Holder[],
    private readonly wrappers: readonly string[],
  ) {}

  /** @param folder for small files that start members in their namespaces */
  static async make(members: number, folder: string): Promise<CutNetwork> {
    await run('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
    await run('ip', ['link', 'set', BRIDGE, 'up']);
    await run('nft', ['add', 'table', ...TABLE]);
    await run('nft', ['add', 'chain', ...TABLE, 'forward', '{ type filter hook forward priority 0 ; }']);
    const holders: Holder[] = [];
    const wrappers: string[] = [];
    for (let i = 0; i < members; i++) {
      const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo; exec cat'], {
        stdio: ['pipe', 'pipe', 'inherit'],
        detached: true, // a terminal's Ctrl-C is for the conductor
      });
      holders.push({ stdin: holder.stdin, exited: once(holder, 'exit') });
      await once(holder.stdout, 'data');
      const inside = ['--net', '--target', String(holder.pid)];
      await run('ip', `link add ${portOf(i)} type veth peer name eth0 netns ${holder.pid}`.split(' '));
      await run('ip', ['link', 'set', portOf(i), 'master', BRIDGE, 'up']);
      await run('nsenter', [...inside, 'ip', 'address', 'add', `${hostOf(i)}/24`, 'dev', 'eth0']);
      await run('nsenter', [...inside, 'ip', 'link', 'set', 'eth0', 'up']);
      await run('nsenter', [...inside, 'ip', 'link', 'set', 'lo', 'up']);
      wrappers.push(makeNodeWrapper(folder, `node-of-${portOf(i)}`, ['nsenter', ...inside]));
    }
    return new CutNetwork(holders, wrappers);
  }

  /** Starts `n1`, `n2`, ..., each in its namespace. */
  startMembers(count: number, options: StartOptions): Promise<LocalMember[]> {
    const seeds = this.wrappers.slice(0, count).map((_, i) => `${hostOf(i)}:${PORT}`);
    const env = { ...options.env, BOWECHO_SECRET: this.secret };
    return Promise.all(
      seeds.map((address, i) => {
        const execPath = this.wrappers[i]!;
        return LocalMember.start({ ...options, env, execPath, id: `n${i + 1}`, address, seeds });
      }),
    );
  }

  /** Drops every frame from one member to another. */
  async cut(from: string, to: string): Promise<void> {
    const rule = ['iifname', portOf(indexOf(from)), 'oifname', portOf(indexOf(to)), 'drop'];
    await run('nft', ['add', 'rule', ...TABLE, 'forward', ...rule]);
  }

  /** All links are whole again. */
  async heal(): Promise<void> {
    await run('nft', ['flush', 'chain', ...TABLE, 'forward']);
  }

  async close(): Promise<void> {
    await Promise.all(
      this.holders.map(async ({ stdin, exited }) => {
        stdin.end();
        await exited;
      }),
    );
  }
}

function indexOf(id: string): number {
  return Number(id.slice(1)) - 1;
}

function hostOf(index: number): string {
  return `10.77.0.${index + 1}`;
}

/** The bridge's port of a member. */
function portOf(index: number): string {
  return `soak-n${index + 1}`;
}
