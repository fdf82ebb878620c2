/** The exit status of `bowecho run`, as one table: why the run ended, how its members did, what a shell sees. */
import { expect } from 'chai';
import { describeEnd, endedWell, exitStatusOf, type EndReason } from '../../src/cli/exit-status.js';
import type { MemberEnd } from '@bowecho/actors/local';

type Signal = NodeJS.Signals;

function status(value: number, sent?: Signal): MemberEnd {
  return { id: 'n1', status: value, signal: undefined, sent };
}

function signal(name: Signal, sent?: Signal): MemberEnd {
  return { id: 'n1', status: undefined, signal: name, sent };
}

const STATUSES: readonly (readonly [reason: EndReason, ends: readonly MemberEnd[], status: number])[] = [
  ['members', [status(0), status(0)], 0],
  ['members', [status(0), status(3), status(0)], 3],
  ['members', [status(3), status(4)], 3],
  ['members', [status(3), signal('SIGTERM', 'SIGTERM'), status(0, 'SIGTERM')], 3],
  ['members', [signal('SIGSEGV'), signal('SIGTERM', 'SIGTERM')], 139],
  ['members', [signal('SIGTERM')], 143],
  ['members', [status(143)], 143],
  ['SIGTERM', [signal('SIGTERM', 'SIGTERM'), status(0, 'SIGTERM'), status(143, 'SIGTERM')], 0],
  ['SIGTERM', [status(0), status(5, 'SIGTERM')], 5],
  ['SIGTERM', [status(0, 'SIGTERM'), signal('SIGKILL', 'SIGKILL')], 137],
  ['SIGINT', [status(0, 'SIGTERM')], 130],
  ['SIGINT', [signal('SIGKILL', 'SIGKILL')], 130],
  ['SIGHUP', [status(0, 'SIGTERM')], 129],
  ['SIGPIPE', [status(0, 'SIGTERM')], 141],
];

const WORDS: readonly (readonly [end: MemberEnd, well: boolean, words: string])[] = [
  [status(0), true, 'exited with status 0'],
  [status(3), false, 'exited with status 3'],
  [signal('SIGSEGV'), false, 'was ended by SIGSEGV'],
  [signal('SIGTERM'), false, 'was ended by SIGTERM'],
  [signal('SIGKILL'), false, 'was ended by SIGKILL'],
  [signal('SIGTERM', 'SIGTERM'), true, 'was ended by SIGTERM after it was sent SIGTERM'],
  [status(5, 'SIGTERM'), false, 'exited with status 5 after it was sent SIGTERM'],
  [signal('SIGKILL', 'SIGTERM'), false, 'was ended by SIGKILL after it was sent SIGTERM'],
  [signal('SIGKILL', 'SIGKILL'), false, 'had not ended when its grace was over, and was killed'],
];

describe('the exit status of a run', () => {
  for (const [reason, ends, expected] of STATUSES) {
    const words = ends.map(describeEnd).join('; ');
    it(`is ${expected} by ${reason} when members: ${words}`, () => {
      expect(exitStatusOf(reason, ends)).to.equal(expected);
    });
  }

  it('comes with words for each end', () => {
    for (const [end, well, words] of WORDS) {
      expect([endedWell(end), describeEnd(end)]).to.deep.equal([well, words]);
    }
  });
});
