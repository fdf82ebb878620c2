/** `bowecho membership` as a person runs it: docs/protocol.md has the same diagram and the same table. */
import { readFileSync } from 'node:fs';
import { Membership } from '@bowecho/core';
import { expect } from 'chai';
import { WIDTH } from '../../../src/cli/hanging-lines.js';
import { Command, type CommandEnd } from '../command.js';

const PROTOCOL = readFileSync(new URL('../../../../../../docs/protocol.md', import.meta.url), 'utf8');

/** What stands in the document between its picture's fences. */
function drawn(): string {
  return /^```mermaid\n([^`]*)^```$/m.exec(PROTOCOL)![1]!;
}

/** The rows of its table of states, as state and sentence. */
function described(): string[][] {
  const [, table] = /^\| state +\| in one sentence +\|\n\| -+ \| -+ \|\n((?:\|.*\n)+)/m.exec(PROTOCOL)!;
  return [...table!.matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)].map(([, state, text]) => [state!, text!]);
}

describe('bowecho membership', () => {
  const run = (args: readonly string[]): Promise<CommandEnd> => new Command(['membership', ...args]).ended;

  it('draws the machine as the document does, edge by edge in one order', async () => {
    expect(await run(['--diagram'])).to.deep.equal({ status: 0, signal: null, out: drawn(), err: '' });
  });

  it('says of each state what the document says', async () => {
    const { status, out, err } = await run([]);
    expect([status, err]).to.deep.equal([0, '']);
    const lines = out.trimEnd().split('\n');
    expect(lines.filter(line => line.length > WIDTH)).to.deep.equal([]);
    // A sentence goes on where a line begins with a space.
    const rows = out
      .trimEnd()
      .replace(/\n +/g, ' ')
      .split('\n')
      .map(row => /^(\w+) +(.*)$/.exec(row)!.slice(1));
    expect(rows).to.deep.equal(described());
    expect(rows[0]![0]).to.equal(Membership.initial.state);
  });

  const refused: readonly (readonly [what: string, args: readonly string[], sentence: RegExp])[] = [
    ['an unknown option', ['--diagramm'], /unknown option '--diagramm'\n\(Did you mean --diagram\?\)/],
    ['an argument', ['running'], /too many arguments for 'membership'/],
  ];
  for (const [what, args, sentence] of refused) {
    it(`refuses ${what}`, async () => {
      const { status, out, err } = await run(args);
      expect([status, out]).to.deep.equal([1, '']);
      expect(err).to.match(sentence);
    });
  }

  it('explains itself', async () => {
    const { status, out } = await run(['--help']);
    expect(status).to.equal(0);
    expect(out)
      .to.match(/^Usage: bowecho membership \[options\]/)
      .and.to.include('Examples:');
  });
});
