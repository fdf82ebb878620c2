/** What a member wrote is what is read of it, whenever it was killed. */
import { expect } from 'chai';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemberFiles } from '../../src/conductor/member/member-files.js';
import { readRound, writeFates } from '../../src/conductor/round-files.js';

describe('the folder of a round', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'bowecho-round-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gives back calls, steps, states and fates', () => {
    const files = new MemberFiles(folder, 'n1');
    files.called(1, 10, 'a', 'n1-1');
    files.called(2, 11, 'a', undefined);
    files.applied('a', 'n1-1');
    files.returned(2, { at: 12, value: { length: 0, last: '' } });
    files.view(1, ['n1', 'n2']);
    files.returned(1, { at: 13, error: { code: 'MEMBER_LOST', didExecute: 'unknown', message: 'm' } });
    files.state(new Map([['a', ['n1-1']]]));
    writeFates(folder, [
      { id: 'n1', fate: 'survived', goneAt: undefined },
      { id: 'n2', fate: 'killed', goneAt: 20 },
    ]);
    const [n1, n2] = readRound(folder).members;
    expect(n1).to.deep.equal({
      id: 'n1',
      fate: 'survived',
      goneAt: undefined,
      calls: [
        {
          ...{ member: 'n1', number: 1, key: 'a', command: 'n1-1', calledAt: 10 },
          end: { at: 13, error: { code: 'MEMBER_LOST', didExecute: 'unknown', message: 'm' } },
        },
        {
          ...{ member: 'n1', number: 2, key: 'a', command: undefined, calledAt: 11 },
          end: { at: 12, value: { length: 0, last: '' } },
        },
      ],
      steps: [
        { kind: 'applied', key: 'a', command: 'n1-1' },
        { kind: 'view', id: 1, members: 'n1,n2' },
      ],
      state: new Map([['a', ['n1-1']]]),
    });
    // It ended before it wrote anything.
    expect(n2).to.deep.include({ fate: 'killed', goneAt: 20, calls: [], steps: [], state: undefined });
  });

  it('takes no notice of a last line that was torn', () => {
    const files = new MemberFiles(folder, 'n1');
    files.called(1, 10, 'a', 'n1-1');
    files.applied('a', 'n1-1');
    appendFileSync(join(folder, 'n1.calls.jsonl'), '{"return":1,"at":1');
    appendFileSync(join(folder, 'n1.steps'), 'a n1-');
    writeFates(folder, [{ id: 'n1', fate: 'killed', goneAt: 20 }]);
    const [n1] = readRound(folder).members;
    expect(n1!.calls.map(({ end }) => end)).to.deep.equal([undefined]);
    expect(n1!.steps).to.have.lengthOf(1);
  });
});
