/**
 * `@bowecho/actors/local`: a cluster of processes of this machine, each a member and all running one program. The command
 * `bowecho run` is made of it, and so are programs that start, watch, talk to and end members themselves.
 *
 * A member learns who it is from its environment, which `createCluster` reads where its configuration does not say:
 * `BOWECHO_ID`, `BOWECHO_LISTEN`, `BOWECHO_SEEDS`, `BOWECHO_FABRIC`. Nothing here knows what the program does with them.
 * Whether processes of this machine can be connected, and how, is what `chooseFabric` says.
 */
import { BowechoError } from '@bowecho/core';
import { describeValue } from '../../config/describe-value.js';
import { isIntegerWithin, LIMITS } from '../../config/limits.js';
import { freeAddresses } from './free-addresses.js';
import { hostProblem, LOOPBACK_HOST } from './local-host.js';
import {
  LocalMember,
  type LocalMemberOptions,
  type MemberEnd,
  type MemberListeners,
  type MemberProgram,
} from './local-member.js';
import { secretFor } from './run-secret.js';

export {
  LocalMember,
  type LocalMemberOptions,
  type MemberEnd,
  type MemberListeners,
  type MemberProgram,
  type OutputLine,
} from './local-member.js';
export type { Line } from './line-splitter.js';
export { FABRICS, type FabricName } from '../../config/fabric-names.js';
export { fabricProblem } from '../../host/open-fabric.js';
export { chooseFabric, type FabricChoice } from './choose-fabric.js';

export interface LocalClusterOptions extends MemberProgram, MemberListeners {
  /** How many, 1 to 64: `n1`, `n2`, ... Default 3. */
  readonly members?: number;
  /**
   * The IP address of this machine where all of them listen, for fabrics that loopback does not have. Beyond loopback they
   * share a secret: `BOWECHO_SECRET` of the environment, or a random one. Default `127.0.0.1`.
   */
  readonly host?: string;
}

export const DEFAULT_MEMBERS = 3;

/**
 * Members that run, one process each.
 *
 * When the program that started them is gone, even by SIGKILL, each member is sent SIGTERM, and SIGKILL when its grace is
 * over. A member that calls `process.disconnect()` gives up its launcher, and ends in the same way.
 *
 * @example
 * await using cluster = await LocalCluster.start({
 *   file: 'dist/member.js',
 *   members: 3,
 *   onLine: (member, { text }) => console.log(`${member.id}: ${text}`),
 *   onMessage: (member, value) => console.log(member.id, 'says', value),
 * });
 * await cluster.member('n1').send({ begin: true });
 * const ends = await cluster.ended();
 */
export class LocalCluster implements AsyncDisposable {
  /** In the order of their ids; where one was started again, its newest process. */
  readonly members: readonly LocalMember[];
  private readonly processes: LocalMember[];

  /** @param options what each process was started with, in the order of `members` */
  private constructor(
    started: readonly LocalMember[],
    private readonly options: readonly LocalMemberOptions[],
  ) {
    this.processes = [...started];
    this.members = this.processes;
  }

  /**
   * Starts the members, each at a free port of `host`. Resolves when all processes run; whether their programs do is
   * for them to say. No listener is called before what awaits this goes on.
   *
   * @throws BowechoError `CONFIG_INVALID` for a number of members or a grace out of range, or a host that is no address
   * of this machine
   * @throws the system's error if a process cannot be started; those that were are killed
   */
  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    const { members: count = DEFAULT_MEMBERS, host = LOOPBACK_HOST } = options;
    const { min, max } = LIMITS.seeds;
    if (!isIntegerWithin(count, LIMITS.seeds)) {
      const sentence = `members must be a whole number from ${min} to ${max}, but is ${describeValue(count)}`;
      throw new BowechoError('CONFIG_INVALID', sentence);
    }
    const problem = hostProblem('host', host);
    if (problem !== undefined) throw new BowechoError('CONFIG_INVALID', problem);
    const seeds = await freeAddresses(count, host);
    const env = { ...options.env, ...secretFor(host, { ...process.env, ...options.env }) };
    const each = seeds.map((address, i) => ({ ...options, env, id: `n${i + 1}`, address, seeds }));
    const starts = await Promise.allSettled(each.map(every => LocalMember.start(every)));
    const started = starts.flatMap(start => (start.status === 'fulfilled' ? [start.value] : []));
    const failure = starts.find(start => start.status === 'rejected');
    if (failure === undefined) return new LocalCluster(started, each);
    for (const member of started) member.kill('SIGKILL');
    throw failure.reason;
  }

  /**
   * The member of that id.
   *
   * @throws BowechoError `ARGUMENT_INVALID` if there is none
   */
  member(id: string): LocalMember {
    const member = this.members.find(each => each.id === id);
    if (member !== undefined) return member;
    const ids = this.members.map(each => each.id).join(', ');
    throw new BowechoError('ARGUMENT_INVALID', `there is no member '${id}'; there are ${ids}`);
  }

  /**
   * Starts a member again, once it has ended: another process at its address. While the others go on it can join them.
   *
   * @throws BowechoError `ARGUMENT_INVALID` if there is no such member
   * @throws the system's error if the process cannot be started
   */
  async restart(id: string): Promise<LocalMember> {
    const at = this.members.indexOf(this.member(id));
    await this.members[at]!.ended;
    const member = await LocalMember.start(this.options[at]!);
    this.processes[at] = member;
    return member;
  }

  /** Those whose processes have not ended. */
  get running(): readonly LocalMember[] {
    return this.members.filter(member => member.isRunning);
  }

  /** Resolves when all members have ended by whatever reason, with their ends in the order of `members`. */
  ended(): Promise<MemberEnd[]> {
    return Promise.all(this.members.map(member => member.ended));
  }

  /** Asks all members to end by SIGTERM, and kills those that have not when their grace is over. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map(member => member.stop()));
  }

  /** Kills all members that run. */
  kill(): void {
    for (const member of this.members) member.kill('SIGKILL');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
