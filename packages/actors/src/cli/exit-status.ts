/**
 * The exit status of a run, from what ended it and how its members ended. Pure, so that the whole of it is one table; the
 * table for people is in the help of `bowecho run`.
 */
import { constants } from 'node:os';
import type { MemberEnd } from './local/local-cluster.js';

/**
 * Why a run ends: its members did by themselves, a signal came, or nobody reads its output any more (`SIGPIPE`, by which
 * a shell knows that).
 */
export type EndReason = 'members' | 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE';

/** What shells add to the number of a signal. */
const BY_SIGNAL = 128;

/**
 * @param ends of all members, in the order in which they ended
 * @returns 0 if all members ended well. Else the status of the first one that did not, 128 and the signal's number if it
 * was a signal. After SIGINT, SIGHUP and a closed output 128 and that signal's number, however the members ended.
 */
export function exitStatusOf(reason: EndReason, ends: readonly MemberEnd[]): number {
  if (reason !== 'members' && reason !== 'SIGTERM') return statusOfSignal(reason);
  const bad = ends.find(end => !endedWell(end));
  return bad === undefined ? 0 : statusOf(bad);
}

/** Whether a member ended with status 0, or as SIGTERM makes a process end, where the launcher sent one. */
export function endedWell({ status, signal, sent }: MemberEnd): boolean {
  if (status === 0) return true;
  if (sent === undefined) return false;
  return signal === 'SIGTERM' || status === statusOfSignal('SIGTERM');
}

/** How it ended, to be read after the member's name. */
export function describeEnd({ status, signal, sent }: MemberEnd): string {
  if (sent === 'SIGKILL' && signal === 'SIGKILL')
    return 'had not ended when its grace was over, and was killed';
  const how = signal === undefined ? `exited with status ${status}` : `was ended by ${signal}`;
  return sent === undefined ? how : `${how} after it was sent ${sent}`;
}

function statusOf({ status, signal }: MemberEnd): number {
  return status ?? statusOfSignal(signal!);
}

/** As shells have it. */
export function statusOfSignal(signal: NodeJS.Signals): number {
  return BY_SIGNAL + constants.signals[signal];
}
