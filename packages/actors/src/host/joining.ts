/**
 * Joining gets a process into a group that runs already: it has a `Learner` make one attempt after the other, each time by
 * another of the members that it can reach, until one succeeds, or the group has taken it for a member and gone on without it.
 * Then only another incarnation can come in.
 */
import type { MemberIdentity } from '@bowecho/core';
import { identityKey } from '../control/identity-key.js';
import { Learner, type LearnerOptions } from '../transfer/learner.js';

export interface JoiningOptions extends Omit<LearnerOptions, 'isReachable' | 'onFailed'> {
  /** It can never come in as this incarnation. */
  readonly onLost: (reason: string) => void;
}

const TICK_MS = 100;

export class Joining {
  /** By identity: members that answered. */
  private readonly members = new Map<string, MemberIdentity>();
  /** Whose turn it is. */
  private turn = 0;
  private learner: Learner | undefined;
  private lastProblem: string | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: JoiningOptions) {
    // The control port keeps the process alive.
    this.timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  get waitingFor(): readonly string[] {
    const waits = this.learner?.waitingFor ?? 'a member to learn from';
    return [this.lastProblem === undefined ? waits : `${waits} (before: ${this.lastProblem})`];
  }

  /** A member of the group answered. */
  heard(member: MemberIdentity): void {
    this.members.set(identityKey(member), member);
    if (this.learner === undefined) this.attempt();
  }

  /** The way to or from that member broke. It may answer again. */
  wayBroke(member: MemberIdentity, reason: string): void {
    this.learner?.wayBroke(member, reason);
  }

  /** My way to that member broke. */
  lost(member: MemberIdentity, reason: string): void {
    this.members.delete(identityKey(member));
    this.wayBroke(member, reason);
  }

  receive(from: MemberIdentity, bytes: Uint8Array): void {
    this.learner?.receive(from, bytes);
  }

  stop(): void {
    clearInterval(this.timer);
    this.learner?.stop();
    this.learner = undefined;
  }

  private tick(): void {
    if (this.learner === undefined) this.attempt();
    else this.learner.tick();
  }

  private attempt(): void {
    const members = [...this.members.values()];
    if (members.length === 0) return;
    const { me, definitions, log, guard, send, onLearned } = this.options;
    this.learner = new Learner({
      me,
      definitions,
      log,
      guard,
      send,
      isReachable: member => this.members.has(identityKey(member)),
      onLearned: learned => {
        this.stop();
        onLearned(learned);
      },
      onFailed: (reason, isLost) => this.failed(reason, isLost),
    });
    this.learner.ask(members[this.turn++ % members.length]!);
  }

  private failed(reason: string, isLost: boolean): void {
    const { log, me, onLost } = this.options;
    this.learner = undefined; // the next tick tries again
    if (reason !== this.lastProblem)
      log.info({ member: me.id, reason }, 'an attempt to join came to nothing');
    this.lastProblem = reason;
    if (!isLost) return;
    this.stop();
    onLost(reason);
  }
}
