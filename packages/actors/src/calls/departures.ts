/**
 * Departures has members that forward calls to each other part without an error. A member that is to leave says so
 * beforehand, and goes on making the calls that come; the others forward nothing more to it, and note its leaving once
 * it owes them no answer. Who has been noted by all of them can leave: no call is under way to it, and no answer from it.
 *
 * Without this an answer could arrive after the view change that the leaving brings, and its caller would be told that
 * nobody knows.
 */
import type { Member, MemberIdentity } from '@bowecho/core';
import { identityKey } from '../control/identity-key.js';
import { encodeMemberMessage } from './member-message.js';

export class Departures {
  /** By `identityKey`: who is to leave, and has not been told that I noted it. */
  private readonly unnoted = new Map<string, MemberIdentity>();
  /** By `identityKey`: who is to leave. */
  private readonly leaving = new Set<string>();
  /** By `identityKey`: who has been told that I leave, and has not noted it. */
  private readonly told = new Set<string>();

  /** @param owes whether that member has still to answer calls of mine */
  constructor(
    private readonly member: Member,
    private readonly owes: (memberKey: string) => boolean,
  ) {}

  /** Whether that member, by its `identityKey`, is to leave. */
  isLeaving(memberKey: string): boolean {
    return this.leaving.has(memberKey);
  }

  /** Whether nobody counts on me any more. */
  get isFree(): boolean {
    return this.told.size === 0;
  }

  /** Says that I am to leave. Whom I have no way to is not waited for: it awaits nothing of me. */
  announce(): void {
    const { member } = this;
    const bytes = encodeMemberMessage({ kind: 'leaving', id: 0 });
    for (const other of member.view.members)
      if (other !== member.identity && member.sendMessage(other, bytes)) this.told.add(identityKey(other));
  }

  /** Another member says that it is to leave. */
  announced(by: MemberIdentity): void {
    const key = identityKey(by);
    this.leaving.add(key);
    this.unnoted.set(key, by);
  }

  /** Another member has noted that I leave. */
  noted(by: MemberIdentity): void {
    this.told.delete(identityKey(by));
  }

  /** The way to that member broke, or it is in no view with me any more: there is nothing to be noted. */
  forget(memberKey: string): void {
    this.told.delete(memberKey);
    this.unnoted.delete(memberKey);
  }

  /** A view was entered: who is not in it has left. */
  keepOnly(memberKeys: ReadonlySet<string>): void {
    for (const key of [...this.told, ...this.leaving]) {
      if (memberKeys.has(key)) continue;
      this.forget(key);
      this.leaving.delete(key);
    }
  }

  /** Notes the leaving of those who owe me nothing any more. */
  doWork(): void {
    if (this.unnoted.size === 0) return;
    for (const [key, identity] of this.unnoted) {
      if (this.owes(key)) continue;
      this.unnoted.delete(key);
      // Where there is no way to it now, it knows that, and does not wait for me.
      this.member.sendMessage(identity, encodeMemberMessage({ kind: 'noted', id: 0 }));
    }
  }
}
