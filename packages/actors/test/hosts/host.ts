/**
 * TestHost is a machine as far as members can tell: a network namespace and a pid namespace of its own, so processes of two
 * hosts share neither addresses nor /proc. The kernel is one, of course.
 *
 * Nothing stays behind: the namespaces live as long as a process that holds them, and that one ends with its input.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why this machine cannot make hosts, in words; undefined if it can. */
export function whyNoHosts(): string | undefined {
  if (process.platform !== 'linux') return `network namespaces are Linux', and this is ${process.platform}`;
  const probe = spawnSync('unshare', ['--net', '--pid', '--fork', '--mount-proc', 'ip', 'link'], {
    encoding: 'utf8',
  });
  if (probe.status === 0) return undefined;
  return `namespaces cannot be made: ${probe.error?.message ?? probe.stderr.trim()}`;
}

export class TestHost {
  /** To be given as `execPath`: a Node on this host. */
  readonly node: string;

  private constructor(
    private readonly holder: ChildProcess,
    /** As the machine that made it sees its first process. */
    private readonly pid: number,
    private readonly folder: string,
  ) {
    this.node = join(folder, 'node');
    const enter = `exec nsenter --target ${pid} --net --pid --mount -- '${process.execPath}' "$@"`;
    writeFileSync(this.node, `#!/bin/sh\n${enter}\n`);
    chmodSync(this.node, 0o755);
  }

  static async start(): Promise<TestHost> {
    // `cat` ends with its input, that is, when we end; and with the first process of a pid namespace all others end.
    const holder = spawn('unshare', ['--net', '--pid', '--fork', '--kill-child', '--mount-proc', 'cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    holder.stdin.write('up\n');
    await once(holder.stdout, 'data');
    const children = spawnSync('ps', ['-o', 'pid=', '--ppid', String(holder.pid)], { encoding: 'utf8' });
    const folder = mkdtempSync(join(tmpdir(), 'bowecho-host-'));
    const host = new TestHost(holder, Number(children.stdout), folder);
    host.run('ip', 'link', 'set', 'lo', 'up');
    return host;
  }

  /** Connects two hosts by one wire; each end gets its addresses, as `10.0.0.1/24`. */
  static connect(
    a: TestHost,
    aAddresses: readonly string[],
    b: TestHost,
    bAddresses: readonly string[],
  ): void {
    const peer = ['peer', 'name', 'wire', 'netns', String(b.pid)];
    a.run('ip', 'link', 'add', 'wire', 'type', 'veth', ...peer);
    for (const [host, addresses] of [
      [a, aAddresses],
      [b, bAddresses],
    ] as const) {
      // nodad: an IPv6 address is else tried out for a second before it can be used.
      for (const address of addresses) {
        const flags = address.includes(':') ? ['nodad'] : [];
        host.run('ip', 'addr', 'add', address, 'dev', 'wire', ...flags);
      }
      host.run('ip', 'link', 'set', 'wire', 'up');
    }
    // The kernel tells of a link that came up with up to a second's delay, and until then it does not run.
    for (const host of [a, b]) while (!host.run('ip', '-br', 'link', 'show', 'wire').includes(' UP '));
  }

  /** Ends everything that runs there. */
  async close(): Promise<void> {
    const ended = once(this.holder, 'exit');
    this.holder.stdin!.end();
    await ended;
    rmSync(this.folder, { recursive: true });
  }

  private run(...command: readonly string[]): string {
    const args = ['--target', String(this.pid), '--net', '--', ...command];
    const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
    return stdout;
  }
}
