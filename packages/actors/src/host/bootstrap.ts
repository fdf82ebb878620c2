/**
 * Bootstrap brings this process from nothing to a member of a group that runs, and back to nothing. It listens and dials,
 * has `Founding` compare what the founders say of themselves, and makes the member and its run loop once all of them are
 * known. Where one of them says that a group runs already, `Joining` learns from it first. From then on it gives the member what
 * others say to it. In the end it lets go of everything.
 *
 * It decides who is heard: members of the present view, by identity, and nobody else. It tells the member who is gone
 * for certain, because nobody listens at its address any more, or somebody else. What the program sees of all that is
 * the cluster's matter, which is told by `BootstrapEvents`.
 */
import { randomInt } from 'node:crypto';
import {
  BowechoError,
  rankOf,
  rankOfMember,
  type Fabric,
  type KeysMessage,
  type MemberIdentity,
  type StateChange,
  type View,
} from '@bowecho/core';
import type { ResolvedConfig } from '../config/index.js';
import type { Answer, ChannelMessage, ControlChannel, ControlHandler } from '../control/control-channel.js';
import type { Greeting } from '../control/greeting.js';
import { identityKey } from '../control/identity-key.js';
import type { Log } from '../ctx.js';
import { DeterminismGuard } from '../determinism/determinism-guard.js';
import { ActorNode, type NodeEvents } from './actor-node.js';
import type { Learned } from '../transfer/learner.js';
import { Founding } from './founding.js';
import { Joining } from './joining.js';
import { RunLoop, microsecondsNow } from './run-loop.js';

/** How far a member is on its way from nothing to nothing. Its cluster writes it. */
export interface Standing {
  /** A view was installed here. */
  isReady: boolean;
  /** The program wants to be rid of it. */
  isClosing: boolean;
  /** Why it refuses work; undefined while it does not. */
  haltReason: string | undefined;
}

/** What a cluster hears of its member. */
export interface BootstrapEvents extends Omit<NodeEvents, 'onHalted'> {
  /**
   * There is no group any more, or will be none; `error` says so to those who wait, where it is known better than by a
   * reason.
   */
  onOver(reason: string, error?: BowechoError): void;
  /** Everything is let go of now. */
  onRelease(): void;
}

/** Identity of a process is its id and a number that no earlier process of that id had. */
const INCARNATION_LIMIT = 2 ** 47;
/** A founder that is missing for longer is worth a line in the log: not all start in the same moment. */
const LATE_MS = 2_000;
/** Processes whose keys are kept for a member that is not made yet: founders, and whoever else says so. */
const MOST_EARLY = 1_024;

export class Bootstrap {
  private founding: Founding;
  private me: Greeting;
  private control: ControlChannel;
  private made: ActorNode | undefined;
  /** While it learns what a group does that runs already. */
  private joining: Joining | undefined;
  /** By seed: who answered there last. */
  private readonly atSeed = new Map<string, MemberIdentity>();
  private guard: DeterminismGuard | undefined;
  private loop: RunLoop | undefined;
  /** By identity, oldest first: the keys of members that were faster than I am. */
  private readonly early = new Map<string, KeysMessage>();
  private timer: NodeJS.Timeout | undefined;
  private openedAt = 0;
  private released: Promise<void> | undefined;

  constructor(
    private readonly config: ResolvedConfig,
    private readonly fabric: Fabric,
    private readonly makeControl: () => ControlChannel,
    private readonly log: Log,
    private readonly standing: Readonly<Standing>,
    private readonly events: BootstrapEvents,
  ) {
    this.control = makeControl();
    this.me = this.greeting();
    this.founding = new Founding(this.me, config.actors, config.mySeed);
  }

  /** Says who this process is from now on. */
  private greeting(): Greeting {
    const { config } = this;
    return {
      identity: { id: config.id, incarnation: randomInt(1, INCARNATION_LIMIT) },
      seeds: config.seeds,
      fabric: config.fabric,
      ringBytes: config.ringBytes,
      suspicionTimeout: config.suspicionTimeout,
      determinismGuard: config.determinismGuard,
      fingerprints: new Map(config.actors.map(definition => [definition.name, definition.fingerprint])),
      groupRuns: false,
    };
  }

  /** The member, once all founders are known. */
  get node(): ActorNode | undefined {
    return this.made;
  }

  /** What this member waits for, and on whom. */
  get waitingFor(): readonly string[] {
    if (this.made !== undefined) return this.made.member.waitingFor();
    if (this.joining === undefined) return this.founding.waitingFor;
    return this.isAtASeed ? this.joining.waitingFor : [...this.joining.waitingFor, this.nowhere()];
  }

  private get isAtASeed(): boolean {
    const { identity } = this.me;
    const isMe = (other: MemberIdentity): boolean => identityKey(other) === identityKey(identity);
    return this.config.mySeed !== undefined || [...this.atSeed.values()].some(isMe);
  }

  private nowhere(): string {
    const { id, seeds } = this.config;
    return `a way of the members to '${id}': it listens at none of the seeds ${seeds.join(', ')}, and they dial those only`;
  }

  /** Takes the address and dials the founders. If it rejects, everything is let go of. */
  async listen(): Promise<void> {
    this.openedAt = performance.now();
    this.timer = setTimeout(() => this.timesOut(), this.config.bootstrapTimeout);
    try {
      await this.control.open(this.me, this.handler());
    } catch (error) {
      this.failToStart(error);
      await this.release();
      throw error;
    }
  }

  /** Makes the member at once, where no founder has to be waited for. */
  begin(): void {
    this.tryToStart(() => undefined);
  }

  /** Has what was sent delivered, then leaves; the cluster hears when it has left. Only where there is a node. */
  leave(reason: string): void {
    this.made!.leave(reason);
    this.loop!.wake();
  }

  /** Lets go of everything, once: the address may be a successor's by the time that a member which failed is closed. */
  release(): Promise<void> {
    this.released ??= this.letGo();
    return this.released;
  }

  private handler(): ControlHandler {
    return {
      greeted: theirs => this.answer(theirs),
      answered: (seed, theirs) => this.heard(seed, theirs),
      unanswered: (seed, problem, isNobody) => this.missed(seed, problem, isNobody),
      received: message => {
        if (this.made !== undefined) this.hand(this.made, message);
        else this.keep(message);
      },
      lost: (member, reason) => {
        this.joining?.lost(member, reason);
        if (this.made === undefined) this.founding.lost(member, reason);
        else this.lose(member, `the way to it broke: ${reason}`);
      },
      silenced: member => this.lose(member, 'its way to this member broke'),
    };
  }

  /** Who is in a group without that process has it learn and join. Who was in one waits for its own successor, as that one does. */
  private answer(theirs: Greeting): Answer {
    const { made, standing } = this;
    if (standing.isClosing) return { refusal: 'it is closing' };
    if (made === undefined) {
      const mismatch = this.founding.mismatchWith(theirs);
      if (mismatch !== undefined)
        this.log.warn(
          { member: this.config.id, from: theirs.identity.id, err: mismatch },
          'a stranger called',
        );
    } else if (!isInView(made, theirs.identity)) {
      if (standing.haltReason !== undefined)
        return {
          refusal: `it is in no group any more (${standing.haltReason}); it waits to be started again`,
        };
      const { id, members } = made.view;
      if (!standing.isReady)
        return { refusal: `its group forms without that process (${members.join(', ')})` };
      const mismatch = this.founding.mismatchWith(theirs);
      if (mismatch !== undefined)
        return { refusal: `it cannot join view ${id} of ${members.join(', ')}: ${mismatch.message}` };
      return { greeting: { ...this.me, groupRuns: true } };
    }
    return { greeting: this.me };
  }

  private heard(seed: string, theirs: Greeting): void {
    if (this.standing.haltReason !== undefined) return;
    const before = this.atSeed.get(seed);
    this.atSeed.set(seed, theirs.identity);
    if (this.made === undefined) {
      if (theirs.groupRuns) this.join(theirs);
      else if (this.joining === undefined) this.tryToStart(() => this.founding.answered(seed, theirs));
      return;
    }
    const { member } = this.made;
    if (!isInView(this.made, theirs.identity)) {
      const problem = 'another process listens there now';
      // Who has left the view is nobody's loss.
      if (before === undefined || !isInView(this.made, before)) return;
      this.log.warn({ member: this.config.id, seed, now: theirs.identity }, problem);
      this.bury(seed, before, problem);
    } else if (member.state === 'connecting' || member.state === 'installing') {
      member.sendKeys(theirs.identity); // the way broke, perhaps before they arrived
    }
    this.loop!.wake(); // something may wait for a way there
  }

  private missed(seed: string, problem: string, isNobody: boolean): void {
    if (this.standing.haltReason !== undefined) return;
    if (this.made !== undefined) {
      if (isNobody || this.isForming) this.bury(seed, this.atSeed.get(seed), problem);
      return;
    }
    this.founding.unanswered(seed, problem);
    const isLate = performance.now() - this.openedAt > LATE_MS;
    this.log[isLate ? 'info' : 'debug']({ member: this.config.id, seed, problem }, 'a founder is missing');
  }

  /** Whether the first view has not come to be, as far as this member's part in it goes: all founders are needed for that. */
  private get isForming(): boolean {
    const { member } = this.made!;
    return member.view.vid === 0 && member.state === 'connecting';
  }

  /**
   * A member listens as long as it is in the group. So one whose connection broke and at whose address nobody listens, or
   * somebody else, is gone, though a fabric over a network may not know: it notices only what it writes to.
   */
  private bury(seed: string, identity: MemberIdentity | undefined, problem: string): void {
    if (identity === undefined || identity.id === this.config.id) return;
    if (this.isForming) {
      this.failToStart(founderIsGone(this.config.id, seed, problem));
      return;
    }
    this.made!.member.memberLost(identity, `its process is gone (${problem})`);
    this.loop!.wake();
  }

  /** What was last said between that member and me, in one direction or the other, may be lost. */
  private lose(identity: MemberIdentity, reason: string): void {
    const { made, standing } = this;
    this.joining?.wayBroke(identity, reason);
    made?.lessons.wayBroke(identity);
    if (made === undefined || identity.id === this.config.id || !isInView(made, identity)) return;
    this.loop!.wake(); // what it wrote into my memory before it went may explain it: that is read first
    setImmediate(() => {
      if (!isInView(made, identity)) return; // it has left
      const { forwarding } = made.calls;
      if (
        standing.haltReason === undefined &&
        !standing.isClosing &&
        !forwarding.departures.isLeaving(identityKey(identity))
      )
        this.log.warn(
          { member: this.config.id, from: identity.id, reason },
          'a connection between members broke',
        );
      forwarding.wayBroke(identity, reason);
    });
  }

  /**
   * Keeps what belongs to a member that is not made yet. Founders have nothing but keys to say before they have mine, and
   * anybody may say anything: so no one fills the memory, nor takes the place of another one.
   */
  private keep(message: ChannelMessage): void {
    if (message.kind === 'transfer' && this.joining !== undefined) {
      this.timer?.refresh(); // it is not stuck
      this.joining.receive(message.from, message.bytes);
    }
    if (message.kind !== 'keys') return;
    const { early } = this;
    const key = identityKey(message.from);
    early.delete(key);
    early.set(key, message);
    if (early.size > MOST_EARLY) early.delete(early.keys().next().value!);
  }

  /** Gives the member what other members of its view say. An earlier group at the same addresses may still be heard. */
  private hand({ member, lessons }: ActorNode, message: ChannelMessage): void {
    const problem =
      message.kind === 'transfer'
        ? lessons.receive(message.from, message.bytes)
        : member.receiveControl(message);
    if (problem === undefined) this.loop!.wake();
    else
      this.log.debug(
        { member: this.config.id, from: message.from, problem },
        'a control message was refused',
      );
  }

  /** Runs a step of founding, and the group once all founders are known. */
  private tryToStart(step: () => void): void {
    try {
      step();
      if (this.founding.isComplete) this.run(this.founding.view());
    } catch (error) {
      this.failToStart(error);
    }
  }

  /** A member of a group that runs answered: learns what it does, and joins it. */
  private join(theirs: Greeting): void {
    const { config, founding, log } = this;
    const mistake = founding.mismatchWith(theirs);
    if (mistake !== undefined) return this.failToStart(mistake);
    this.holdGuard();
    this.joining ??= new Joining({
      me: this.me.identity,
      definitions: config.actors,
      log,
      guard: this.guard,
      send: (to, bytes) => this.sendTransfer(to, bytes),
      onLearned: learned => {
        try {
          this.run(learned.view, learned);
        } catch (error) {
          this.failToStart(error); // such as memory that is refused
        }
      },
      onLost: () => void this.comeAgain(),
    });
    this.joining.heard(theirs.identity);
  }

  /**
   * The group had taken this process for a member and goes on without it, before it was one. So it begins anew, as another
   * incarnation: the one that it was may never come back.
   */
  private async comeAgain(): Promise<void> {
    await this.control.close();
    if (this.released !== undefined || this.standing.haltReason !== undefined || this.standing.isClosing)
      return;
    this.joining = undefined;
    this.early.clear();
    this.atSeed.clear();
    this.me = this.greeting();
    this.founding = new Founding(this.me, this.config.actors, this.config.mySeed);
    this.control = this.makeControl();
    try {
      await this.control.open(this.me, this.handler());
    } catch (error) {
      this.failToStart(error);
    }
  }

  private holdGuard(): void {
    if (this.config.determinismGuard) this.guard ??= new DeterminismGuard();
  }

  /** @param learned what is there when that view begins; undefined for founders: nothing */
  private run(view: View, learned?: Learned): void {
    const { config, fabric } = this;
    this.holdGuard();
    this.joining = undefined;
    this.made = new ActorNode({
      view,
      learned,
      sendTransfer: (to, bytes) => this.sendTransfer(to, bytes),
      myRank: rankOf(view, config.id),
      definitions: config.actors,
      fabric,
      control: {
        send: (to, message) => this.send(to, message),
      },
      ringBytes: config.ringBytes,
      queueBytes: config.queueBytes,
      suspicionMicros: config.suspicionTimeout * 1000,
      callTimeout: config.callTimeout,
      leases: config.leases,
      log: this.log,
      guard: this.guard,
      events: this.nodeEvents(),
      now: microsecondsNow,
      wake: () => this.loop!.wake(),
    });
    this.loop = new RunLoop(this.made, fabric, error =>
      this.events.onOver(`an error escaped a turn: ${String(error)}`),
    );
    this.made.member.start();
    for (const message of this.early.values()) this.hand(this.made, message);
    this.early.clear();
    this.loop.wake();
  }

  /** The port of a member: it never throws, and what is too large was refused before. */
  private send(to: MemberIdentity, message: ChannelMessage): boolean {
    try {
      return this.control.send(to, message);
    } catch (err) {
      this.log.error({ member: this.config.id, to: to.id, err }, 'a control message could not be sent');
      return false;
    }
  }

  private sendTransfer(to: MemberIdentity, bytes: Uint8Array): boolean {
    return this.send(to, { kind: 'transfer', from: this.me.identity, bytes });
  }

  private nodeEvents(): NodeEvents {
    const { events } = this;
    return {
      onViewInstalled: view => {
        clearTimeout(this.timer);
        events.onViewInstalled(view);
      },
      onEnded: end => events.onEnded(end),
      onStateChanged: change => {
        events.onStateChanged(change);
        this.noticeFailedFounding(change);
      },
      onHalted: error => {
        this.log.error({ member: this.config.id, err: error }, 'this member halted');
        if (!this.standing.isReady && error instanceof BowechoError) this.failToStart(error);
        else {
          events.onOver(String(error));
          void this.release(); // its memory goes, so the others notice, and their calls settle
        }
      },
      onDeadLetter: error => events.onDeadLetter(error),
    };
  }

  /** Who is not connected to all founders has no group. Who is goes on, for others may be in the first view already. */
  private noticeFailedFounding({ from, to, reason }: StateChange): void {
    if (from !== 'connecting' || to !== 'wedged' || this.made!.member.view.vid > 0) return;
    this.failToStart(new BowechoError('MEMBER_LOST', `member '${this.config.id}' cannot start: ${reason}`));
  }

  private timesOut(): void {
    if (this.standing.haltReason === undefined) {
      const { id, bootstrapTimeout } = this.config;
      const problems = this.waitingFor;
      const sentence = `after ${bootstrapTimeout} ms member '${id}' still waits for: ${problems.join(', ')}`;
      this.failToStart(new BowechoError('BOOTSTRAP_TIMEOUT', sentence, { problems }));
    }
    void this.release();
  }

  /**
   * The address is kept for a while: the other founders are to hear why there is no group. Those that have heard all founders
   * wait for what I shall never say, so then I go soon, and they see me go.
   */
  private failToStart(cause: unknown): void {
    const { id, bootstrapTimeout } = this.config;
    const error =
      cause instanceof BowechoError
        ? cause
        : new BowechoError('CONFIG_INVALID', `member '${id}' cannot start: ${String(cause)}`, { cause });
    this.events.onOver(error.message, error);
    this.loop?.stop(); // nothing may come of it any more
    this.joining?.stop();
    this.timer?.unref();
    if (!this.founding.isComplete || this.released !== undefined) return;
    clearTimeout(this.timer);
    const rest = Math.min(LATE_MS, bootstrapTimeout);
    this.timer = setTimeout(() => void this.release(), rest).unref();
  }

  private async letGo(): Promise<void> {
    clearTimeout(this.timer);
    this.events.onRelease();
    this.loop?.stop();
    this.joining?.stop();
    await this.control.close();
    this.made?.member.close();
    this.guard?.release();
    await new Promise<void>(resolve => this.fabric.close(resolve));
  }
}

/** Whether that very process, and not only its name, is a member of the present view. */
function isInView({ member }: ActorNode, identity: MemberIdentity): boolean {
  return rankOfMember(member.view, identity) >= 0;
}

function founderIsGone(id: string, seed: string, problem: string): BowechoError {
  const sentence = `member '${id}' cannot start: the founder at ${seed} went away while the group formed (${problem})`;
  return new BowechoError('MEMBER_LOST', sentence);
}
