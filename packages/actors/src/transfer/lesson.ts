/**
 * Lesson is what one member teaches one learner: replica sets, while the group works. The instances are given one by one,
 * each as it is at that moment; from then on the commands that are delivered to it are passed on, so what the learner makes of
 * both is the instance. Commands to a key that was not given yet are in what is given later. Views are passed on where they are
 * in the sequence, and a learner that is in one begins with it: nothing is delivered in it before all of its members are there.
 *
 * A slow learner slows down nobody: what waits for it is bounded, and the lesson ends where it falls behind.
 */
import type { Delivery, Member, MemberIdentity, View } from '@bowecho/core';
import type { HandlerView } from '../ctx.js';
import type { Replica, ReplicaMoment } from '../host/replica.js';
import { packInstance } from './instance-bytes.js';
import { encodeTransfer, type TransferMessage, type ViewMessage } from './transfer-message.js';

/** Bytes that may be under way to a learner. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** Bytes that may wait for it: of one instance, and of the commands behind that. */
const MOST_WAITING_BYTES = 256 * 1024 * 1024;
/** A larger instance goes in pieces: bytes. */
const PIECE_BYTES = 1024 * 1024;
/** What one step gives, so that deliveries go on between: bytes, and instances. */
const STEP_BYTES = 256 * 1024;
const STEP_INSTANCES = 64;
/** A learner hears something at least that often: microseconds. */
const ALIVE_MICROS = 500_000;
/** Whom the member could not let in it asks to again after so long: microseconds. */
const ADMIT_MICROS = 50_000;

export interface LessonOptions {
  readonly learner: MemberIdentity;
  readonly member: Member;
  /** What is taught: replicas of mine, by set. */
  readonly replicas: ReadonlyMap<number, Replica>;
  /** False: there is no way to the learner. */
  readonly send: (bytes: Uint8Array) => boolean;
}

/** One set of the lesson: which of its keys the learner has. */
class Course {
  /** Keys that the learner has, or is about to be sent. */
  private readonly given = new Set<string>();
  /** Those that are to be given: what was there when the lesson began, and what was new before all of that was given. */
  private readonly keys: Set<string>;
  /** It comes to keys that are added behind it, too. */
  private readonly next: Iterator<string>;
  /** All that there are were given: those that come to be from now on the learner makes itself. */
  private isComplete = false;

  constructor(readonly replica: Replica) {
    this.keys = new Set(replica.keptKeys());
    this.next = this.keys.values();
  }

  /** The key that is to be given now; undefined: all were. */
  takeNext(): string | undefined {
    const next = this.next.next();
    this.isComplete = next.done === true;
    if (next.done === true) return undefined;
    this.given.add(next.value);
    return next.value;
  }

  /** Whether the learner needs a command to that key, because it has what was before. */
  needs(key: string): boolean {
    if (this.given.has(key)) return true;
    (this.isComplete ? this.given : this.keys).add(key);
    return this.isComplete;
  }
}

export class Lesson {
  private readonly courses: ReadonlyMap<number, Course>;
  /** Sets whose keys are not all given, in order. */
  private readonly open: number[];
  private readonly waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private sentBytes = 0;
  private takenBytes = 0;
  private lastSentAt = 0;
  /** The learner asks to be let in. */
  private isReady = false;
  private admittedIn = -1;
  private admitAt = 0;
  /** Why it is over; undefined while it goes on. */
  private end: string | undefined;

  constructor(private readonly options: LessonOptions) {
    this.courses = new Map([...options.replicas].map(([set, replica]) => [set, new Course(replica)]));
    this.open = [...options.replicas.keys()];
  }

  get learner(): MemberIdentity {
    return this.options.learner;
  }

  get endedBy(): string | undefined {
    return this.end;
  }

  /** Says where its sets are: what comes first, and what comes when the member has entered another view. */
  tellView(kind: ViewMessage['kind'], view: View, handlerView: HandlerView): void {
    const moments = [...this.courses].map(([set, { replica }]) => ({
      set,
      replica: replica.moment,
      shared: kind === 'entered' ? this.options.member.sharedOf(set) : undefined,
    }));
    this.push({ kind, view, handlerView, moments });
  }

  /**
   * A command was delivered to a set of mine.
   *
   * @param before where the replica was before it
   */
  delivered(replica: Replica, key: string, delivery: Delivery, before: ReplicaMoment): void {
    const { set, sender, vid, ordinal, time, memory, offset, length } = delivery;
    const course = this.courses.get(set);
    if (course?.replica !== replica || !course.needs(key)) return;
    const payload = new Uint8Array(memory.subarray(offset, offset + length)); // the ring is used again
    this.push({ kind: 'command', set, sender, before, vid, ordinal, time, payload });
  }

  /** So many bytes have arrived at the learner, from the first on. */
  taken(bytes: number): void {
    this.takenBytes = Math.min(Math.max(this.takenBytes, bytes), this.sentBytes);
  }

  ready(): void {
    this.isReady = true;
  }

  /** Ends it, and tells the learner. */
  refuse(reason: string): void {
    if (this.end !== undefined) return;
    this.end = reason;
    this.options.send(encodeTransfer({ kind: 'refused', reason }));
  }

  /**
   * Sends what may be sent, and has the learner let in that asks for it.
   *
   * @param gives whether instances are given, too
   * @returns how much was done
   */
  doWork(now: number, gives: boolean): number {
    if (this.end !== undefined) return 0;
    let work = this.sendWaiting(now);
    const isNext = this.waiting.length === 0 && this.hasRoom && this.open.length > 0;
    if (gives && isNext) work += this.give(now);
    if (now - this.lastSentAt >= ALIVE_MICROS && this.waiting.length === 0) {
      this.push({ kind: 'alive' });
      work += this.sendWaiting(now);
    }
    if (this.isReady) this.admit(now);
    return work;
  }

  private get hasRoom(): boolean {
    return this.sentBytes - this.takenBytes < WINDOW_BYTES;
  }

  /** Gives some keys of the first set that is open. */
  private give(now: number): number {
    const until = this.sentBytes + STEP_BYTES;
    let count = 0;
    while (this.open.length > 0 && this.hasRoom && this.sentBytes < until && count < STEP_INSTANCES) {
      const set = this.open[0]!;
      const key = this.courses.get(set)!.takeNext();
      if (key === undefined) {
        this.open.shift();
        this.push({ kind: 'complete', set });
      } else if (!this.giveKey(set, key)) return count;
      count++;
      this.sendWaiting(now);
    }
    return count;
  }

  private giveKey(set: number, key: string): boolean {
    const { replica } = this.courses.get(set)!;
    let bytes: Uint8Array;
    try {
      const snapshot = replica.snapshot(key);
      if (snapshot === undefined) return true; // it ended meanwhile, and if it comes again its commands make it
      bytes = packInstance(snapshot);
    } catch (error) {
      const { name } = replica.definition;
      this.refuse(`the state of actor '${name}' ${JSON.stringify(key)} cannot be sent: ${String(error)}`);
      return false;
    }
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      this.push({ kind: 'state', set, key, piece, isLast: at + PIECE_BYTES >= bytes.length });
    }
    return true;
  }

  private push(message: TransferMessage): void {
    const bytes = encodeTransfer(message);
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (this.waitingBytes > MOST_WAITING_BYTES)
      this.refuse(
        `${this.waitingBytes} bytes wait to be sent to it, and no more than ${MOST_WAITING_BYTES} are kept`,
      );
  }

  private sendWaiting(now: number): number {
    let count = 0;
    while (count < this.waiting.length && this.hasRoom && this.end === undefined) {
      const bytes = this.waiting[count]!;
      if (!this.options.send(bytes)) {
        this.end = 'there is no way to it';
        break;
      }
      count++;
      this.sentBytes += bytes.length;
      this.waitingBytes -= bytes.length;
      this.lastSentAt = now;
    }
    this.waiting.splice(0, count);
    return count;
  }

  /**
   * Once in a view; who is not in the next one is let in at the end of that. Where only another member lets it in, it has to ask that one.
   */
  private admit(now: number): void {
    const { member, learner } = this.options;
    const { vid } = member.view;
    const { doorkeeper, identity } = member;
    if (doorkeeper !== undefined && doorkeeper !== identity)
      return this.refuse(`view ${vid} lacks replicas, and only '${doorkeeper.id}' lets others in now`);
    if (
      (member.state !== 'running' && doorkeeper === undefined) ||
      this.admittedIn === vid ||
      now < this.admitAt
    )
      return;
    this.admitAt = now + ADMIT_MICROS;
    // What speaks against it, such as its predecessor that is still in the view, passes.
    if (member.admit(learner) === undefined) this.admittedIn = vid;
  }
}
