/**
 * A member without a replica calls like any other: its calls are made by a member that has one, and end as they ended
 * there. Where nobody can know how they ended, that is what the error says.
 */
import { ActorError, BowechoError, defineActor, type Ref } from '@bowecho/actors';
import { expect } from 'chai';
import fc from 'fast-check';
import { decodeMemberMessage, encodeMemberMessage } from '../../src/calls/member-message.js';
import { NodesByHand } from './nodes-by-hand.js';

/** Bytes that no answer may have. */
const TOO_MANY = 33 * 1024 * 1024;

/** One replica, which is node 0's: node 1 has none. */
const Ledger = defineActor({
  name: 'ledger',
  replicas: 1,
  state: () => ({ entries: [] as string[] }),
  commands: {
    add(state, entry: string) {
      if (entry === '') throw new ActorError('EMPTY', 'an entry has text', { after: state.entries.length });
      return state.entries.push(entry);
    },
    addAndGet(state, entry: string) {
      state.entries.push(entry);
      return new Uint8Array(TOO_MANY);
    },
    refuseWith: () => {
      throw new ActorError('NO', 'no', new Uint8Array(TOO_MANY));
    },
  },
  queries: {
    read: ({ entries }): string => entries.join(),
    bytes: (_state, count: number) => new Uint8Array(count),
  },
  args: { add: [String], bytes: [Number] },
});

type LedgerRef = Ref<InstanceType<typeof Ledger>>;

/** What no message may say of a call that is to run once. */
const ONCE = [
  { idempotencyKey: 5 },
  { idempotencyKey: '' },
  { idempotencyKey: 'x'.repeat(257) },
  { triedSince: 'x' },
];

/** How a call ended, in words. */
function endOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (error instanceof ActorError) return [error.code, error.details as unknown, error.didExecute];
    expect(error).to.be.instanceOf(BowechoError);
    const { code, didExecute } = error as BowechoError;
    return `${code} ${didExecute}`;
  });
}

describe('a forwarded call', () => {
  let both: NodesByHand;
  let far: LedgerRef;
  let near: LedgerRef;

  beforeEach(() => {
    both = new NodesByHand(Ledger, { ringBytes: 4096, queueBytes: 4096 });
    near = both.ref(Ledger, 0);
    far = both.ref(Ledger, 1);
  });

  it('gives what the replica gives: results, refusals, reads, everybody', async () => {
    const calls = [far.add('a'), far.add('b'), far.add(''), far.$all.add('c'), far.$all.read()].map(endOf);
    both.run(0, 1);
    expect(await Promise.all(calls)).to.deep.equal([
      1,
      2,
      ['EMPTY', { after: 2 }, 'no'],
      new Map([['n0', 3]]),
      new Map([['n0', 'a,b,c']]),
    ]);
    const reads = [far.read(), far.$with({ read: 'local' }).read()];
    both.run(0, 1);
    expect(await Promise.all(reads)).to.deep.equal(['a,b,c', 'a,b,c']);
    expect(both.nodes.map(({ calls: { pendingCount } }) => pendingCount)).to.deep.equal([0, 0]);
  });

  it('is checked where it is made', async () => {
    const call = endOf(far.add(5 as never));
    expect(await call).to.equal('ARGUMENT_INVALID no');
    far.$tell.add('');
    both.run(0, 1);
    expect(both.deadLetters.map(error => (error as ActorError).code)).to.deep.equal(['EMPTY']);
  });

  it('is refused there as it would be here', async () => {
    const call = endOf(far.add('x'.repeat(2000)));
    both.run(0, 1);
    expect(await call).to.equal('TOO_LARGE no');
  });

  it('is refused where too many are unanswered, and takes again when they are answered', async () => {
    const calls = Array.from({ length: 10 }, () => endOf(far.add('x'.repeat(600))));
    both.run(0, 1);
    const ends = await Promise.all(calls);
    expect(ends.slice(0, 6)).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(ends.slice(6)).to.deep.equal(new Array<string>(4).fill('OVERLOADED no'));
    const later = endOf(far.add('y'));
    both.run(0, 1);
    expect(await later).to.equal(7);
  });

  it('waits for a way there, and keeps its place', async () => {
    both.isCut = true;
    const calls = [endOf(far.add('a')), endOf(far.$with({ timeout: 5 }).add('late')), endOf(far.add('b'))];
    both.run(0, 1);
    both.now += 6_000;
    both.run(0, 1);
    both.isCut = false;
    calls.push(endOf(far.add('c')));
    both.now += 10_000;
    both.run(0, 1);
    expect(await Promise.all(calls)).to.deep.equal([1, 'TIMEOUT no', 2, 3]);
  });

  it('is refused where too many wait for a way, and those that gave up do not count', async () => {
    both.isCut = true;
    const waiting = Array.from({ length: 6 }, () => endOf(far.$with({ timeout: 5 }).add('x'.repeat(600))));
    const refused = endOf(far.add('x'.repeat(600)));
    both.run(1);
    expect(await refused).to.equal('OVERLOADED no');
    both.now += 6_000;
    both.run(1);
    expect(await Promise.all(waiting)).to.deep.equal(new Array<string>(6).fill('TIMEOUT no'));
    const taken = endOf(far.add('y'));
    both.isCut = false;
    both.now += 10_000;
    both.run(0, 1);
    expect(await taken).to.equal(1);
  });

  it('may have been made or not if the way breaks while it is unanswered', async () => {
    const calls = [endOf(far.add('a')), endOf(far.read())];
    both.run(0); // it is executed
    both.loseMail();
    both.nodes[1]!.calls.forwarding.wayBroke(both.identityOf(0), 'reset');
    expect(await Promise.all(calls)).to.deep.equal(['MEMBER_LOST unknown', 'MEMBER_LOST no']);
    const read = endOf(near.read());
    both.run(0, 1);
    expect(await read).to.equal('a');
  });

  it('ends in time, and is not made afterwards if it had not been', async () => {
    const controller = new AbortController();
    const calls = [
      endOf(far.$with({ timeout: 5 }).add('late')),
      endOf(far.$with({ signal: controller.signal }).add('aborted')),
    ];
    both.now += 6_000;
    controller.abort();
    both.run(1); // the request and the withdrawal arrive together
    expect(await Promise.all(calls)).to.deep.equal(['TIMEOUT unknown', 'ABORTED unknown']);
    const read = endOf(near.read());
    both.run(0, 1);
    expect(await read).to.equal('');
  });

  it('is answered before its member leaves, which takes no more of them', async () => {
    const call = endOf(far.add('a'));
    far.$tell.add('b');
    both.nodes[1]!.leave('a test');
    expect(await endOf(far.add('c'))).to.equal('CLOSED no');
    expect(await endOf(far.read())).to.equal('CLOSED no');
    both.run(1, 0);
    expect(await call).to.equal(1);
    expect(both.deadLetters).to.deep.equal([]);
    expect(both.nodes.map(({ member }) => member.state)).to.deep.equal(['running', 'left']);
    expect(await near.$with({ read: 'local' }).read()).to.equal('a,b');
  });

  it('whose answer is too large says what is true of the command', async () => {
    const ends: unknown[] = [];
    for (const call of [
      far.addAndGet('a'),
      far.refuseWith(),
      far.bytes(TOO_MANY),
      far.$all.bytes(TOO_MANY),
    ]) {
      both.run(0, 1);
      ends.push(await endOf(call));
    }
    expect(ends).to.deep.equal(['TOO_LARGE yes', 'TOO_LARGE no', 'TOO_LARGE no', 'TOO_LARGE no']);
  });

  it('finds an id that fits into a message and is free, however many went before', async () => {
    const first = endOf(far.add('a')); // holds id 0
    for (const { calls } of both.nodes) Reflect.set(calls, 'nextId', 2 ** 32 - 1);
    const calls = [far.add('b'), far.$all.add('c'), near.$all.add('d'), near.$all.add('e')].map(endOf);
    both.run(0, 1);
    const ends = await Promise.all([first, ...calls]);
    const places = ends.map(end => (end instanceof Map ? end.get('n0') : end) as unknown);
    expect(places).to.have.members([1, 2, 3, 4, 5]);
  });
});

describe('messages between calls of members', () => {
  it('refuse all other bytes by a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        try {
          decodeMemberMessage(bytes);
        } catch (error) {
          expect(error).to.include({ code: 'NOT_SERIALIZABLE' });
        }
      }),
    );
  });

  it('refuse what was cut or has a wrong field', () => {
    const message = {
      kind: 'forward',
      id: 3,
      type: 0,
      method: 1,
      key: 'k',
      face: 'call',
      isLocalRead: false,
      timeout: 10,
      args: new Uint8Array([0x90]),
      idempotencyKey: 'req-1',
      triedSince: 5,
    } as const;
    const bytes = encodeMemberMessage(message);
    expect(decodeMemberMessage(bytes)).to.deep.equal(message);
    const plain = { ...message, idempotencyKey: undefined, triedSince: -1 };
    expect(decodeMemberMessage(encodeMemberMessage(plain))).to.deep.equal(plain);
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeMemberMessage(bytes.slice(0, length)), `${length} bytes`).to.throw(BowechoError);
    for (const field of [
      { id: -1 },
      { type: 0.5 },
      { key: 5 },
      { timeout: -1 },
      { isLocalRead: 0 },
      ...ONCE,
    ]) {
      const wrong = { ...message, ...field } as never;
      const change = JSON.stringify(wrong);
      expect(() => decodeMemberMessage(encodeMemberMessage(wrong)), change).to.throw(BowechoError);
    }
  });
});
