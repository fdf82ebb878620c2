/**
 * MemberGroup is members in processes of their own, seen from a test. Control messages go through here, as over a control
 * channel. Every wait is for something that a member tells or for its end, and a member that ends meanwhile ends the wait.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromMember, MemberReport, ToMember } from './member-conversation.js';

const PROGRAM = fileURLToPath(new URL('./member-process.js', import.meta.url));

type Told<Kind extends FromMember['tell']> = Extract<FromMember, { tell: Kind }>;

interface Wait {
  /** True: it was this that it waited for. */
  look(told: FromMember): boolean;
  reject(error: Error): void;
}

export class MemberProcess {
  /** Resolves with its exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  private readonly child: ChildProcess;
  private readonly told: FromMember[] = [];
  private readonly waits = new Set<Wait>();
  private end: number | NodeJS.Signals | undefined;

  /** @param onControl hears of control messages that it sends, which nobody else does */
  constructor(
    private readonly rank: number,
    onControl: (told: Told<'control'>) => void,
  ) {
    this.child = fork(PROGRAM, { serialization: 'advanced' });
    this.child.on('message', (told: FromMember) => {
      if (told.tell === 'control') onControl(told);
      else this.hear(told);
    });
    this.ended = new Promise(resolve => {
      this.child.once('exit', (status, signal) => {
        this.end = signal ?? status!;
        for (const { reject } of this.waits) reject(this.endError());
        this.waits.clear();
        resolve(this.end);
      });
    });
  }

  /** The next thing of that kind that it tells, or has told and nobody has waited for. */
  heard<Kind extends FromMember['tell']>(kind: Kind): Promise<Told<Kind>> {
    return new Promise((resolve, reject) => {
      const isIt = (told: FromMember): told is Told<Kind> => told.tell === kind;
      const at = this.told.findIndex(isIt);
      if (at >= 0) return resolve(this.told.splice(at, 1)[0] as Told<Kind>);
      if (this.end !== undefined) return reject(this.endError());
      const look = (told: FromMember): boolean => {
        if (!isIt(told)) return false;
        resolve(told);
        return true;
      };
      this.waits.add({ look, reject });
    });
  }

  send(asked: ToMember): void {
    // Whoever was killed hears nothing any more, and its end is what a test then waits for.
    if (this.child.connected) this.child.send(asked);
  }

  async report(): Promise<MemberReport> {
    this.send({ do: 'report' });
    return (await this.heard('report')).report;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private hear(told: FromMember): void {
    for (const wait of this.waits) {
      if (!wait.look(told)) continue;
      this.waits.delete(wait);
      return;
    }
    this.told.push(told);
  }

  private endError(): Error {
    return new Error(`the member of rank ${this.rank} has ended: ${this.end}`);
  }
}

export class MemberGroup {
  readonly members: readonly MemberProcess[];

  constructor(private readonly count: number) {
    this.members = Array.from(
      { length: count },
      (_, rank) => new MemberProcess(rank, ({ to, message }) => this.pass(Number(to.slice(1)), message)),
    );
  }

  /** Resolves when all processes run. */
  async ready(): Promise<void> {
    await Promise.all(this.members.map(member => member.heard('listens')));
  }

  /** Has each member begin; each sends so many messages, and tells when it has delivered `milestone` of anybody's. */
  begin(messages: number, milestone: number): void {
    this.members.forEach((member, rank) =>
      member.send({ do: 'begin', rank, members: this.count, messages, milestone }),
    );
  }

  /** Ends what is left. */
  async end(): Promise<void> {
    for (const member of this.members) member.kill('SIGKILL');
    await Promise.all(this.members.map(member => member.ended));
  }

  private pass(rank: number, message: Told<'control'>['message']): void {
    this.members[rank]!.send({ do: 'hear', message });
  }
}
