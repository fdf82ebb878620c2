/** Goal: a history leaves the test as text that any tool reads. Method: calls of every kind of outcome and value, as lines. */
import { ActorError, Command, Query, Replicated } from '@bowecho/actors';
import { simulate } from '@bowecho/testing';
import { expect } from 'chai';
import { Money } from './example-actors.js';

@Replicated({ name: 'json-lines' })
class Anything {
  private kept: unknown = null;

  @Command({ args: [Object] }) keep(value: unknown): unknown {
    return (this.kept = value);
  }

  @Command() refuse(): void {
    throw new ActorError('NO', 'not today');
  }

  @Query() read(): unknown {
    return this.kept;
  }
}

interface Line {
  readonly process: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly call: number;
  readonly return?: number;
}

describe('a history as JSON lines', () => {
  it('has a line per call, with times, values and errors', async () => {
    using sim = simulate({ actors: [Anything], seed: 5 });
    const ref = sim.get(Anything, 'k', { node: 1 });
    const value = {
      amount: new Money(5n, 'EUR'),
      at: new Date(0),
      map: new Map<unknown, unknown>([[1, new Set(['a'])]]),
      bytes: Uint8Array.of(1, 2, 255),
      odd: [NaN, -Infinity, null],
    };
    await ref.keep(value);
    await ref.refuse().catch(() => undefined);
    await ref.$with({ read: 'local' }).read();
    void ref.$tell.refuse();
    const text = sim.history.toJsonLines();
    expect(text.endsWith('\n')).to.equal(true);
    const lines = text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Line);
    const plain = {
      amount: { $object: 'Money', fields: { cents: { $bigint: '5' }, currency: 'EUR' } },
      at: { $date: '1970-01-01T00:00:00.000Z' },
      map: { $map: [[1, { $set: ['a'] }]] },
      bytes: { $bytes: 'AQL/' },
      odd: [{ $number: 'NaN' }, { $number: '-Infinity' }, null],
    };
    const all = { process: 'n1', actor: 'json-lines', key: 'k' };
    const times = lines.map(({ call, return: end }) => ({ call, ...(end !== undefined && { return: end }) }));
    expect(lines).to.deep.equal([
      { ...all, method: 'keep', args: [plain], ...times[0], value: plain },
      {
        ...all,
        method: 'refuse',
        args: [],
        ...times[1],
        error: { name: 'ActorError', message: 'not today', code: 'NO', didExecute: 'no' },
      },
      { ...all, method: 'read', args: [], read: 'local', ...times[2], value: plain },
      { ...all, method: 'refuse', args: [], face: 'tell', ...times[3] },
    ]);
    expect(times[0]!.return).to.be.greaterThan(times[0]!.call);
    expect(times[3]).to.not.have.property('return');
  });
});
