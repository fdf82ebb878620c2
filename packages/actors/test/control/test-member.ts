/**
 * A member that has nothing but a TCP control channel, and records what its handler and its log hear. Tests wait for what
 * is heard and never for time.
 */
import type { ControlMessage, MemberIdentity } from '@bowecho/core';
import { createServer } from 'node:net';
import type { Answer, ControlHandler } from '../../src/control/control-channel.js';
import type { ControlLimits } from '../../src/control/control-limits.js';
import type { SecureOptions } from '../../src/control/security.js';
import type { Greeting } from '../../src/control/greeting.js';
import { TcpControlChannel } from '../../src/control/tcp-control-channel.js';

const usedPorts = new Set<number>();

/** An address that nobody listens at, below the ports that the kernel gives to dialers. */
export async function freeAddress(host = '127.0.0.1'): Promise<string> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (usedPorts.has(port)) continue;
    usedPorts.add(port);
    const isFree = await new Promise<boolean>(resolve => {
      const probe = createServer();
      probe.on('error', () => resolve(false)); // taken: the next one
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return `${host}:${port}`;
  }
}

export function greetingOf(id: string, incarnation = 1): Greeting {
  return {
    identity: { id, incarnation },
    seeds: [],
    fabric: 'test',
    ringBytes: 4096,
    suspicionTimeout: 2000,
    determinismGuard: true,
    fingerprints: new Map([['bank', 'version 1']]),
    groupRuns: false,
  };
}

export function application(from: MemberIdentity, bytes: Uint8Array, vid = 0): ControlMessage {
  return { kind: 'application', vid, from, bytes };
}

export interface TestMemberOptions {
  readonly id?: string;
  readonly incarnation?: number;
  readonly listen?: string;
  /** Default: nobody. */
  readonly seeds?: readonly string[];
  readonly security?: SecureOptions;
  readonly limits?: Partial<ControlLimits>;
  /** Default: my greeting. */
  readonly answer?: (theirs: Greeting) => Answer;
}

/** All members of a test that are to be closed after it. */
const open = new Set<TestMember>();

export async function closeMembers(): Promise<void> {
  await Promise.all([...open].map(member => member.channel.close()));
  open.clear();
}

export class TestMember implements ControlHandler {
  readonly channel: TcpControlChannel;
  readonly greeting: Greeting;
  readonly address: string;
  /** What was heard, in order, as short texts: `answered b`, `unanswered: ...`, `lost b: ...`, `greeted b`. */
  readonly events: string[] = [];
  readonly log: string[] = [];
  /** Ids of the members whose ways here broke, in order. */
  readonly silences: string[] = [];
  readonly messages: ControlMessage[] = [];
  private readonly waiting = new Set<() => void>();

  static async start(options: TestMemberOptions): Promise<TestMember> {
    const member = await TestMember.make(options);
    await member.channel.open(member.greeting, member);
    return member;
  }

  /** Not opened yet. */
  static async make(options: TestMemberOptions): Promise<TestMember> {
    const member = new TestMember(options.listen ?? (await freeAddress()), options);
    open.add(member);
    return member;
  }

  private constructor(
    address: string,
    private readonly options: TestMemberOptions,
  ) {
    this.address = address;
    this.greeting = greetingOf(options.id ?? 'a', options.incarnation);
    const note = (_fields: unknown, line?: string): void => this.heard(this.log, line!);
    const unused = (): void => undefined;
    this.channel = new TcpControlChannel({
      listen: address,
      seeds: options.seeds ?? [],
      security: options.security ?? { kind: 'none' },
      log: { trace: unused, debug: unused, info: unused, warn: note, error: note },
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
  }

  get identity(): MemberIdentity {
    return this.greeting.identity;
  }

  /** The part of an address that differs between runs. */
  get port(): number {
    return Number(this.address.split(':').pop());
  }

  send(to: TestMember, bytes: Uint8Array, vid = 0): boolean {
    return this.channel.send(to.identity, application(this.identity, bytes, vid));
  }

  greeted(theirs: Greeting): Answer {
    this.heard(this.events, `greeted ${theirs.identity.id}`);
    return this.options.answer?.(theirs) ?? { greeting: this.greeting };
  }

  answered(_seed: string, theirs: Greeting): void {
    this.heard(this.events, `answered ${theirs.identity.id}`);
  }

  unanswered(_seed: string, problem: string): void {
    this.heard(this.events, `unanswered: ${problem}`);
  }

  received(message: ControlMessage): void {
    this.heard(this.messages, message);
  }

  silenced(member: MemberIdentity): void {
    this.silences.push(member.id);
    for (const look of [...this.waiting]) look();
  }

  lost(member: MemberIdentity, reason: string): void {
    this.heard(this.events, `lost ${member.id}: ${reason}`);
  }

  /** Resolves once `isTrue` after something was heard, or at once. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>(resolve => this.waiting.add(resolve));
  }

  untilEvent(text: string, count = 1): Promise<void> {
    return this.until(() => this.events.filter(event => event.startsWith(text)).length >= count);
  }

  private heard<T>(list: T[], item: T): void {
    list.push(item);
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

/** Members that all have a way to each other: as many as there are ids. */
export async function connectedMembers(
  ids: readonly string[],
  options: Omit<TestMemberOptions, 'id' | 'seeds'> = {},
): Promise<TestMember[]> {
  const seeds = await Promise.all(ids.map(() => freeAddress()));
  const members = await Promise.all(
    ids.map((id, i) => TestMember.start({ ...options, id, seeds, listen: seeds[i]! })),
  );
  await Promise.all(members.flatMap(member => ids.map(id => member.untilEvent(`answered ${id}`))));
  return members;
}
