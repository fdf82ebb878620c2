/** One Ctrl-C that arrives twice is one; two of a person are two. */
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { StopSignals, type StopSignal } from '../../src/cli/stop-signals.js';

type At = readonly [ms: number, signal: StopSignal];

const CASES: readonly (readonly [what: string, signals: readonly At[], heard: readonly string[]])[] = [
  ['one Ctrl-C', [[0, 'SIGINT']], ['stop SIGINT']],
  [
    'a Ctrl-C that npm passes on',
    [
      [0, 'SIGINT'],
      [3, 'SIGINT'],
    ],
    ['stop SIGINT', 'stop SIGINT'],
  ],
  [
    'a second Ctrl-C, passed on, too',
    [
      [0, 'SIGINT'],
      [3, 'SIGINT'],
      [900, 'SIGINT'],
      [903, 'SIGINT'],
    ],
    ['stop SIGINT', 'stop SIGINT', 'hurry', 'hurry'],
  ],
  [
    'a supervisor that repeats itself',
    [
      [0, 'SIGTERM'],
      [900, 'SIGTERM'],
    ],
    ['stop SIGTERM', 'stop SIGTERM'],
  ],
  [
    'Ctrl-C after SIGTERM',
    [
      [0, 'SIGTERM'],
      [900, 'SIGINT'],
    ],
    ['stop SIGTERM', 'stop SIGINT'],
  ],
];

describe('stop signals', () => {
  for (const [what, signals, expected] of CASES) {
    it(`of ${what}`, () => {
      const source = new EventEmitter();
      const heard: string[] = [];
      let now = 0;
      const stopSignals = new StopSignals(
        source,
        signal => heard.push(`stop ${signal}`),
        () => heard.push('hurry'),
        () => now,
      );
      for (const [ms, signal] of signals) {
        now = 5_000 + ms;
        source.emit(signal);
      }
      expect(heard).to.deep.equal(expected);
      stopSignals.stopListening();
      expect(source.eventNames()).to.deep.equal([]);
    });
  }
});
