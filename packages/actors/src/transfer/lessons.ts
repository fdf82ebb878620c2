/** Lessons is all that one member teaches: whom, and what of it. It answers learners, and has their lessons follow the deliveries. */
import {
  BowechoError,
  rankOfMember,
  type Delivery,
  type Member,
  type MemberIdentity,
  type View,
} from '@bowecho/core';
import { identityKey } from '../control/identity-key.js';
import type { HandlerView } from '../ctx.js';
import type { Replica, ReplicaMoment } from '../host/replica.js';
import { Lesson } from './lesson.js';
import { decodeTransfer, encodeTransfer, type TransferMessage } from './transfer-message.js';

/** More learners at a time have to wait. */
const MOST_LESSONS = 4;
/** After giving, a member that is busy gives nothing for so many times as long: its own work comes first. */
const REST_PER_GIFT = 3;
/** Who had work counts as busy for so long, microseconds: more comes when others have done their part of it. */
const BUSY_MICROS = 10_000;

export interface LessonsOptions {
  readonly member: Member;
  /** By set: undefined where I hold none. */
  readonly replicas: readonly (Replica | undefined)[];
  readonly handlerView: () => HandlerView;
  /** To a process that is not in the view. False: there is no way to it. */
  readonly send: (to: MemberIdentity, bytes: Uint8Array) => boolean;
  readonly wake: () => void;
  /** Microseconds, never falling. */
  readonly now: () => number;
}

export class Lessons {
  /** By identity. */
  private readonly lessons = new Map<string, Lesson>();
  private restsUntil = -Infinity;
  private busyUntil = -Infinity;

  constructor(private readonly options: LessonsOptions) {}

  /** Whether anybody learns here. Where nobody does, deliveries need not be shown. */
  get areGiven(): boolean {
    return this.lessons.size > 0;
  }

  /**
   * A process that is not in the view says something.
   *
   * @returns why it was not taken, in words: it came from a network, so anything may be in it
   */
  receive(from: MemberIdentity, bytes: Uint8Array): string | undefined {
    try {
      this.take(from, decodeTransfer(bytes));
    } catch (error) {
      // Whatever it is: who wants to learn must not end a member, and the socket that the bytes came from is no place for it.
      return error instanceof BowechoError ? error.message : String(error);
    }
    this.options.wake();
    return undefined;
  }

  private take(from: MemberIdentity, message: TransferMessage): void {
    const { member } = this.options;
    const lesson = this.lessons.get(identityKey(from));
    switch (message.kind) {
      case 'ask':
        this.answer(from, { kind: 'group', view: member.view });
        break;
      case 'learn':
        this.begin(from, message.sets);
        break;
      case 'taken':
        lesson?.taken(message.bytes);
        break;
      case 'ready':
        if (lesson === undefined) this.answer(from, { kind: 'refused', reason: 'it learns nothing here' });
        else lesson.ready();
        break;
      default: // what only teachers say
        break;
    }
  }

  private answer(to: MemberIdentity, message: TransferMessage): void {
    this.options.send(to, encodeTransfer(message)); // who does not hear it asks again, or somebody else
  }

  private begin(learner: MemberIdentity, sets: readonly number[]): void {
    const { member, replicas, send } = this.options;
    const key = identityKey(learner);
    this.lessons.delete(key); // it begins anew
    const reason = this.whyNot(learner, sets);
    if (reason !== undefined) return this.answer(learner, { kind: 'refused', reason });
    const lesson = new Lesson({
      learner,
      member,
      replicas: new Map(sets.map(set => [set, replicas[set]!])),
      send: bytes => send(learner, bytes),
    });
    this.lessons.set(key, lesson);
    lesson.tellView('begin', member.view, this.options.handlerView());
  }

  private whyNot(learner: MemberIdentity, sets: readonly number[]): string | undefined {
    const { member, replicas } = this.options;
    const { view, state } = member;
    if (rankOfMember(view, learner) >= 0) return `it is in view ${view.vid} already`;
    if (state !== 'running' && state !== 'wedged') return `view ${view.vid} does not run here (${state})`;
    const strange = sets.find(set => replicas[set] === undefined);
    if (strange !== undefined) return `this member holds no replica of set ${strange}`;
    if (this.lessons.size >= MOST_LESSONS) return `${MOST_LESSONS} processes learn here just now`;
    return undefined;
  }

  /** The way to or from that process broke: what was said last may be lost. */
  wayBroke(learner: MemberIdentity): void {
    this.lessons.delete(identityKey(learner));
  }

  /** A command was delivered. @param before where its replica was before it */
  delivered(replica: Replica, key: string, delivery: Delivery, before: ReplicaMoment): void {
    for (const lesson of this.lessons.values()) lesson.delivered(replica, key, delivery, before);
  }

  /** The member has entered a view, and its replicas have not been told. */
  viewEntered(view: View, handlerView: HandlerView): void {
    for (const lesson of this.lessons.values()) lesson.tellView('entered', view, handlerView);
  }

  /**
   * Goes on with all lessons.
   *
   * @param isBusy whether the member has just had other work, which would wait for this
   * @returns how much was done
   */
  doWork(now: number, isBusy: boolean): number {
    const from = this.options.now();
    if (isBusy) this.busyUntil = from + BUSY_MICROS;
    const gives = from >= this.restsUntil || from >= this.busyUntil;
    let work = 0;
    for (const [key, lesson] of this.lessons) {
      work += lesson.doWork(now, gives);
      const { state, view } = this.options.member;
      // Who is in the view that runs has all that it needs.
      const isOver = state === 'running' && rankOfMember(view, lesson.learner) >= 0;
      if (isOver || lesson.endedBy !== undefined) this.lessons.delete(key);
    }
    const until = this.options.now();
    if (gives) this.restsUntil = until + REST_PER_GIFT * (until - from);
    return work;
  }

  /** This member is in no view any more. */
  ended(reason: string): void {
    for (const lesson of this.lessons.values()) lesson.refuse(reason);
    this.lessons.clear();
  }
}
