/**
 * Goal: strangers cannot fill the log, and nothing that is new is kept quiet for good. Method: a wait that the test ends.
 */
import { expect } from 'chai';
import { StrangerLog } from '../../src/control/stranger-log.js';

interface Bench {
  readonly log: StrangerLog;
  readonly lines: string[];
  /** Ends the wait after the last line. */
  tick(): void;
}

function bench(): Bench {
  const lines: string[] = [];
  let then: (() => void) | undefined;
  const wait = (next: () => void): (() => void) => {
    expect(then).to.equal(undefined);
    then = next;
    return () => (then = undefined);
  };
  const tick = (): void => {
    const due = then;
    then = undefined;
    due?.();
  };
  return { log: new StrangerLog(line => lines.push(line), wait), lines, tick };
}

describe('the log of strangers', () => {
  it('has each kind of event of a host once', () => {
    const { log, lines, tick } = bench();
    for (let i = 0; i < 3; i++) {
      log.report('h1', 'http', `h1 http ${i}`);
      tick();
      log.report('h1', 'tls', `h1 tls ${i}`);
      tick();
      log.report('h2', 'http', `h2 http ${i}`);
      tick();
    }
    expect(lines).to.deep.equal(['h1 http 0', 'h1 tls 0', 'h2 http 0']);
  });

  it('has one line per wait, keeps the next ones, and counts what it left out', () => {
    const { log, lines, tick } = bench();
    for (let i = 0; i < 20; i++) log.report(`h${i}`, 'http', `line ${i}`);
    log.report('h0', 'http', 'again');
    expect(lines).to.deep.equal(['line 0']);
    tick();
    expect(lines.at(-1)).to.equal('line 1 (4 more connections had no line before)');
    for (let i = 0; i < 40; i++) tick();
    expect(lines).to.have.length(17);
    // What was left out was not told, and may be told yet.
    log.report('h19', 'http', 'line 19');
    expect(lines.at(-1)).to.equal('line 19');
  });

  it('says at its end what it left out', () => {
    const { log, lines, tick } = bench();
    for (let i = 0; i < 3; i++) log.report(`h${i}`, 'http', `line ${i}`);
    log.close();
    tick();
    expect(lines.slice(1)).to.deep.equal(['2 more connections came to nothing and had no line in this log']);
  });

  it('remembers no more than it must', () => {
    const { log, lines, tick } = bench();
    for (let i = 0; i < 3_000; i++) {
      log.report(`h${i}`, 'http', `line ${i}`);
      tick();
    }
    log.report('h0', 'http', 'again');
    expect(lines.at(-1)).to.equal('again');
  });
});
