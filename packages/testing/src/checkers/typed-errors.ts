/**
 * TypedErrors (part of C14): what a member refuses it refuses with a typed error that says the truth about the message, and
 * whatever it says to people is a sentence with all its words. That nothing else breaks in a member is NoHalt's matter.
 */
import { BowechoError, type ErrorCode, type MembershipEnd, type StateChange } from '@bowecho/core';
import { Checker } from './checker.js';

/** What `Member.send` may refuse a message with. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NOT_A_REPLICA',
  'TOO_LARGE',
  'OVERLOADED',
  'HALTED',
  'CLOSED',
]);

/** What a sentence has in it where a word was missing. */
const NO_WORD = /\b(undefined|null|NaN|Infinity)\b|\[object /;

export class TypedErrors extends Checker {
  override readonly name = 'typed-errors';

  override onRefusal(node: number, set: number, error: unknown): void {
    const about = `node ${node} refuses a message to set ${set}`;
    if (!(error instanceof BowechoError)) this.fail(`${about} with no error of ours`, [String(error)]);
    const { code, didExecute, message } = error;
    if (!REFUSALS.has(code)) this.fail(`${about} with ${code}`, [message]);
    if (didExecute !== 'no') this.fail(`${about}, and does not say that nothing was sent`, [message]);
    this.read(about, message);
  }

  override onStateChanged(node: number, { from, to, reason }: StateChange): void {
    this.read(`node ${node} goes from ${from} to ${to}`, reason);
  }

  override onEnded(node: number, { reason }: MembershipEnd): void {
    this.read(`node ${node} is in the group no more`, reason);
  }

  override onQuiet(): void {
    this.world.members.forEach((member, node) => {
      for (const words of member.waitingFor()) this.read(`node ${node} waits`, words);
    });
  }

  private read(about: string, words: string): void {
    if (words === '' || NO_WORD.test(words)) this.fail(`${about}, and a word is missing`, [words]);
  }
}
