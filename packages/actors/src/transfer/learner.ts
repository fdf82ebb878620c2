/**
 * Learner is a process on its way into a group that runs: it asks a member which view that is, computes of which sets it would
 * be a replica, and learns each of them from a member that is one. Then it asks to be let in, and goes on learning, until its
 * teachers have entered a view that it is in. What it knows then is where that view begins.
 *
 * It makes one attempt. Where a teacher is lost or refuses, or where the views change so that it would need other sets, the
 * attempt is over and says why; whoever made it makes another one. No clock here: its owner calls `tick`.
 */
import {
  BowechoError,
  setsForJoiner,
  rankOf,
  rankOfMember,
  type Fate,
  type MemberIdentity,
  type Placements,
  type SharedHeritage,
  type View,
} from '@bowecho/core';
import { identityKey } from '../control/identity-key.js';
import type { HandlerView, Log } from '../ctx.js';
import type { ActorDefinition } from '../definition/actor-definition.js';
import type { DeterminismGuard } from '../determinism/determinism-guard.js';
import { unguardedLog } from '../determinism/unguarded-log.js';
import { placementsOf } from '../host/founding.js';
import { CallRunner } from '../host/call-runner.js';
import { Replica } from '../host/replica.js';
import { Journal } from '../state/journal.js';
import { unpackInstance } from './instance-bytes.js';
import {
  decodeTransfer,
  encodeTransfer,
  type CommandMessage,
  type StateMessage,
  type TransferMessage,
  type ViewMessage,
} from './transfer-message.js';

/** What a member begins with that was not among the founders: all that is replicated where its first view begins. */
export interface Learned {
  readonly view: View;
  /** The same, as handlers see it at every replica. */
  readonly handlerView: HandlerView;
  readonly journal: Journal;
  /** By set; undefined where it is no replica. */
  readonly replicas: readonly (Replica | undefined)[];
  readonly shared: readonly (SharedHeritage | undefined)[];
}

export interface LearnerOptions {
  readonly me: MemberIdentity;
  /** In the order of a view's subgroups. */
  readonly definitions: readonly ActorDefinition[];
  readonly log: Log;
  readonly guard: DeterminismGuard | undefined;
  /** False: there is no way to that member. */
  readonly send: (to: MemberIdentity, bytes: Uint8Array) => boolean;
  /** Whether there is a way to that member, and it can be a teacher. */
  readonly isReachable: (member: MemberIdentity) => boolean;
  readonly onLearned: (learned: Learned) => void;
  /**
   * The attempt came to nothing.
   *
   * @param isLost whether the group took this process for a member and goes on without it: it cannot come back as the same
   */
  readonly onFailed: (reason: string, isLost: boolean) => void;
}

/** How much of a lesson is acknowledged at once, bytes. */
const TAKEN_BYTES = 512 * 1024;
/** Who hears nothing for so many ticks takes its teacher for lost. */
const MOST_SILENT_TICKS = 50;

interface Teacher {
  readonly identity: MemberIdentity;
  readonly sets: readonly number[];
  /** The view that it is in, once the lesson has begun. */
  view: ViewMessage | undefined;
  takenBytes: number;
  toldBytes: number;
  silentTicks: number;
}

interface LearnedSet {
  readonly replica: Replica;
  /** Of the view that was entered last; undefined: none was. */
  shared: SharedHeritage | undefined;
  isComplete: boolean;
  /** The instance that has not come whole. */
  key: string | undefined;
  pieces: Uint8Array[];
  /** How many instances have come. */
  count: number;
}

export class Learner {
  private readonly placements: Placements;
  private readonly journal = new Journal();
  private readonly runner = new CallRunner();
  /** By identity. */
  private readonly teachers = new Map<string, Teacher>();
  private readonly sets = new Map<number, LearnedSet>();
  private asked: MemberIdentity | undefined;
  private ticks = 0;
  private isOver = false;

  constructor(private readonly options: LearnerOptions) {
    this.placements = placementsOf(options.definitions);
  }

  /** What it waits for, in words. */
  get waitingFor(): string {
    const { asked } = this;
    if (asked === undefined) return 'a member that answers';
    if (this.teachers.size === 0) return `an answer of '${asked.id}'`;
    let count = 0;
    for (const set of this.sets.values()) count += set.count;
    const names = [...this.teachers.values()].map(({ identity }) => `'${identity.id}'`).join(', ');
    if (!this.isComplete) return `the state of the actors from ${names} (${count} instances have come)`;
    return `the view that it is let into by ${names}`;
  }

  /** Begins: asks that member for the group. */
  ask(member: MemberIdentity): void {
    this.asked = member;
    this.say(member, { kind: 'ask' });
  }

  /** To be called about every 100 ms. */
  tick(): void {
    if (this.isOver) return;
    if (this.teachers.size === 0) {
      const asked = this.asked!;
      // It may not have found its own way to here when it was asked, and then it could not answer.
      if (++this.ticks <= MOST_SILENT_TICKS) this.say(asked, { kind: 'ask' });
      else this.fail(`'${asked.id}' does not answer`);
      return;
    }
    for (const teacher of this.teachers.values()) {
      if (++teacher.silentTicks > MOST_SILENT_TICKS) {
        this.fail(`nothing was heard of '${teacher.identity.id}'`);
        return;
      }
    }
  }

  /** The way to or from that member broke: what it said last may be lost. */
  wayBroke(member: MemberIdentity, reason: string): void {
    const key = identityKey(member);
    const isAsked = this.teachers.size === 0 && this.asked !== undefined && identityKey(this.asked) === key;
    if (isAsked || this.teachers.has(key)) this.fail(`the way to '${member.id}' broke: ${reason}`);
  }

  /** Nothing comes of this attempt any more. */
  stop(): void {
    this.isOver = true;
  }

  /** A member says something. What makes no sense ends the attempt. */
  receive(from: MemberIdentity, bytes: Uint8Array): void {
    if (this.isOver) return;
    try {
      this.take(from, decodeTransfer(bytes), bytes.length);
    } catch (error) {
      // Whatever it is: it must end the attempt, and not escape into the socket that the bytes came from.
      const what = error instanceof BowechoError ? error.message : String(error);
      this.fail(`what '${from.id}' teaches makes no sense: ${what}`);
    }
  }

  private take(from: MemberIdentity, message: TransferMessage, length: number): void {
    const teacher = this.teachers.get(identityKey(from));
    if (message.kind === 'group') {
      const isAsked = this.asked !== undefined && identityKey(this.asked) === identityKey(from);
      if (isAsked && this.teachers.size === 0) this.plan(from, message.view);
      return;
    }
    if (teacher === undefined) return; // of an attempt before this one
    if (message.kind === 'refused') return this.fail(`'${from.id}' refused: ${message.reason}`);
    this.acknowledge(teacher, length);
    // Before its first word it may be on what it had begun before.
    if (message.kind !== 'begin' && teacher.view === undefined) return;
    switch (message.kind) {
      case 'begin':
      case 'entered':
        this.takeView(teacher, message);
        break;
      case 'state':
        this.takeState(this.setOf(teacher, message.set), message);
        break;
      case 'command':
        this.takeCommand(this.setOf(teacher, message.set), message);
        break;
      case 'complete':
        this.setOf(teacher, message.set).isComplete = true;
        if (this.isComplete) this.askToBeLetIn();
        break;
      default: // `alive`, and what only learners say
        break;
    }
  }

  private acknowledge(teacher: Teacher, length: number): void {
    teacher.silentTicks = 0;
    teacher.takenBytes += length;
    if (teacher.takenBytes - teacher.toldBytes < TAKEN_BYTES) return;
    teacher.toldBytes = teacher.takenBytes;
    this.say(teacher.identity, { kind: 'taken', bytes: teacher.takenBytes });
  }

  private say(to: MemberIdentity, message: TransferMessage): void {
    if (!this.options.send(to, encodeTransfer(message))) this.fail(`there is no way to '${to.id}'`);
  }

  /** Which sets I would replicate, and who teaches them: the one that was asked as far as it can. */
  private plan(asked: MemberIdentity, view: View): void {
    const { me, isReachable } = this.options;
    const problem = this.problemOf(view);
    if (problem !== undefined) return this.fail(problem);
    if (rankOfMember(view, me) >= 0) return this.fail('the group took it in before it had learned all', true);
    const setsOf = new Map<string, { identity: MemberIdentity; sets: number[] }>();
    setsOf.set(identityKey(asked), { identity: asked, sets: [] });
    const needed = neededSets(view, me, this.placements);
    if (typeof needed === 'string') return this.fail(needed);
    for (const set of needed) {
      const able = view.sets[set]!.replicas.map(rank => view.members[rank]!);
      const teacher = able.find(each => setsOf.has(identityKey(each))) ?? able.find(isReachable);
      if (teacher === undefined) {
        const names = able.map(({ id }) => `'${id}'`).join(', ');
        return this.fail(`there is no way to ${names}, and nobody else can teach set ${set}`);
      }
      const key = identityKey(teacher);
      if (!setsOf.has(key)) setsOf.set(key, { identity: teacher, sets: [] });
      setsOf.get(key)!.sets.push(set);
    }
    for (const [key, { identity, sets }] of setsOf) {
      const counters = { takenBytes: 0, toldBytes: 0, silentTicks: 0 };
      this.teachers.set(key, { identity, sets, view: undefined, ...counters });
    }
    for (const { identity, sets } of this.teachers.values()) this.say(identity, { kind: 'learn', sets });
  }

  private takeView(teacher: Teacher, message: ViewMessage): void {
    const { view, handlerView, moments } = message;
    const before = teacher.view;
    teacher.view = message;
    const problem = this.problemOf(view);
    if (problem !== undefined) return this.fail(problem);
    for (const { set, replica: moment, shared } of moments) {
      if (!teacher.sets.includes(set)) throw outOfPlace(`set ${set} was not asked for`);
      const known = this.sets.get(set);
      if (before === undefined) {
        const replica = this.makeReplica(view, set, handlerView);
        replica.moveTo(moment);
        this.sets.set(set, { replica, shared, isComplete: false, key: undefined, pieces: [], count: 0 });
      } else if (known !== undefined) {
        known.shared = shared;
        known.replica.moveTo(moment);
        known.replica.viewChanged(handlerView);
      }
    }
    this.look();
  }

  private makeReplica(view: View, set: number, handlerView: HandlerView): Replica {
    const { definitions, log, guard } = this.options;
    const placed = view.sets[set] ?? refuseSet(set);
    const handlersLog = guard === undefined ? log : unguardedLog(log);
    return new Replica(definitions[placed.subgroup]!, placed, this.journal, handlersLog, handlerView, guard);
  }

  private takeState(set: LearnedSet, { key, piece, isLast }: StateMessage): void {
    if (set.key !== undefined && set.key !== key)
      throw outOfPlace(`an instance came in the middle of another`);
    set.key = key;
    set.pieces.push(piece);
    if (!isLast) return;
    set.replica.restore(key, unpackInstance(Buffer.concat(set.pieces)));
    set.key = undefined;
    set.pieces = [];
    set.count++;
  }

  private takeCommand({ replica }: LearnedSet, message: CommandMessage): void {
    const { before, payload, vid, ordinal, time, sender } = message;
    replica.moveTo(before);
    const memory = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.runner.run(replica, memory, 0, memory.length, { vid, ordinal, time, sender });
  }

  private setOf({ sets }: Teacher, set: number): LearnedSet {
    const known = sets.includes(set) ? this.sets.get(set) : undefined;
    if (known === undefined) throw outOfPlace(`set ${set} is not taught`);
    return known;
  }

  /** Whether every instance has come. */
  private get isComplete(): boolean {
    for (const { sets } of this.teachers.values())
      if (sets.some(set => this.sets.get(set)?.isComplete !== true)) return false;
    return true;
  }

  private askToBeLetIn(): void {
    const [first] = this.teachers.values();
    this.say(first!.identity, { kind: 'ready' });
  }

  /** Looks where the teachers are: whether all are in a view that I am in, and whether I know enough for it. */
  private look(): void {
    const { me } = this.options;
    const views = [...this.teachers.values()].map(({ view }) => view);
    const newest = views.reduce((a, b) => ((a?.view.vid ?? -1) >= (b?.view.vid ?? -1) ? a : b));
    if (newest === undefined) return;
    const { view, handlerView } = newest;
    const wasIn = views.some(each => each !== undefined && rankOfMember(each.view, me) >= 0);
    const rank = rankOfMember(view, me);
    if (rank < 0 && wasIn) return this.fail('the group went on without it', true);
    const needed = rank < 0 ? neededSets(view, me, this.placements) : setsOfRank(view, rank);
    if (typeof needed === 'string') return this.fail(needed);
    const taught = new Set([...this.teachers.values()].flatMap(({ sets }) => sets));
    const lacking = needed.find(set => !taught.has(set));
    if (lacking !== undefined)
      return this.fail(`in view ${view.vid} it would replicate set ${lacking}, too`, rank >= 0);
    if (rank < 0) {
      if (this.isComplete) this.askToBeLetIn(); // again: the view may have ended for another reason
      return;
    }
    if (!this.isComplete) return this.fail('the group took it in before it had learned all', true);
    if (views.some(each => each?.view.vid !== view.vid)) return; // the others are about to say the same
    this.isOver = true;
    const known = view.sets.map(({ index }) => (needed.includes(index) ? this.sets.get(index)! : undefined));
    this.options.onLearned({
      view,
      handlerView,
      journal: this.journal,
      replicas: known.map(each => each?.replica),
      shared: known.map(each => each?.shared),
    });
  }

  /** Why that view is none of my actors: fingerprints were compared, so it is no honest member's. */
  private problemOf(view: View): string | undefined {
    const { definitions } = this.options;
    const names = view.subgroups.map(({ name }) => name).join(', ');
    const mine = definitions.map(({ name }) => name).join(', ');
    return names === mine ? undefined : `view ${view.vid} is of the actors ${names}, and here are ${mine}`;
  }

  private fail(reason: string, isLost = false): void {
    if (this.isOver) return;
    this.isOver = true;
    this.options.onFailed(reason, isLost);
  }
}

/**
 * The sets that `me` would replicate if everybody stayed; or why nobody can tell, in words. An earlier process of that name is about to
 * go.
 */
function neededSets(view: View, me: MemberIdentity, placements: Placements): readonly number[] | string {
  const before = rankOf(view, me.id);
  const fates = view.members.map((_, rank): Fate => (rank === before ? 'lost' : 'stays'));
  return setsForJoiner(view, fates, me, placements);
}

function setsOfRank(view: View, rank: number): readonly number[] {
  return view.sets.filter(({ replicas }) => replicas.includes(rank)).map(({ index }) => index);
}

function refuseSet(set: number): never {
  throw outOfPlace(`there is no set ${set}`);
}

function outOfPlace(what: string): BowechoError {
  return new BowechoError('NOT_SERIALIZABLE', what);
}
