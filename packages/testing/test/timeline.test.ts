/**
 * Goal: the time-line in docs/simulator.md is what the simulator prints. Method: golden text. Where the protocol or the
 * columns change on purpose, run with `UPDATE_DOCS=1` and read the difference.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { NO_HAZARDS, Timeline, World } from '@bowecho/testing';
import { expect } from 'chai';

const DOC = new URL('../../../../docs/simulator.md', import.meta.url);
const BEGIN = '<!-- timeline: begin -->\n\n```\n';
const END = '\n```\n\n<!-- timeline: end -->';

/** Two members, one message: from the moment at which both run. */
function exampleTimeline(): string {
  const lines: string[] = [];
  const world = new World({ seed: 7, nodes: 2, hazards: NO_HAZARDS });
  world.runUntilRunning();
  world.runUntilQuiet();
  world.observe(new Timeline(world, line => lines.push(line)));
  world.send(0, 0, new TextEncoder().encode('hello, world'));
  world.runUntilQuiet();
  return lines.join('\n');
}

describe('Timeline', () => {
  it('looks as its documentation says', () => {
    const doc = readFileSync(DOC, 'utf8');
    const begin = doc.indexOf(BEGIN) + BEGIN.length;
    const end = doc.indexOf(END);
    expect(end, 'the example in docs/simulator.md').to.be.greaterThan(begin);
    const example = exampleTimeline();
    if (process.env['UPDATE_DOCS'] === '1')
      writeFileSync(DOC, doc.slice(0, begin) + example + doc.slice(end));
    else expect(doc.slice(begin, end)).to.equal(example);
  });

  it('keeps its columns in place', () => {
    const [header, ...lines] = exampleTimeline().split('\n');
    const column = header!.indexOf('what');
    for (const line of lines) expect('>*.^!<').to.include(line[column]);
  });
});
