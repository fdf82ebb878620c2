/**
 * Goal: what members say arrives as it was said, and nothing that a stranger can send is taken for it or breaks the reader.
 * Method: random greetings and messages there and back; every cut and a random change of their bytes; tables of wrong fields.
 */
import type { DecidedMessage, KeysMessage } from '@bowecho/core';
import { expect } from 'chai';
import fc from 'fast-check';
import type { ChannelMessage } from '../../src/control/control-channel.js';
import { FrameReader, FRAME_KIND, type Frame } from '../../src/control/frame.js';
import { decodeGreeting, encodeGreeting } from '../../src/control/greeting-text.js';
import { decodeMessage, encodeMessage } from '../../src/control/message-bytes.js';
import { decodeRefusal, encodeRefusal } from '../../src/control/refusal.js';
import { Unreadable } from '../../src/control/unreadable.js';
import { greetingOf } from './test-member.js';

const LIMIT = 1_000_000;
const from = { id: 'a', incarnation: 7 };

function frameOfMessage(message: ChannelMessage): Frame {
  const reader = new FrameReader(LIMIT);
  reader.push(Buffer.concat(encodeMessage(message, LIMIT)));
  return reader.next()!;
}

const bytes = fc.uint8Array({ maxLength: 40 });
const vid = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const keys: fc.Arbitrary<KeysMessage> = fc.record({
  kind: fc.constant('keys' as const),
  vid,
  from: fc.constant(from),
  address: bytes,
  memberTable: bytes,
  shardTables: fc.array(fc.option(bytes, { nil: undefined }), { maxLength: 6 }),
});
const applicationMessage = fc.record({
  kind: fc.constant('application' as const),
  vid,
  from: fc.constant(from),
  bytes: fc.oneof(bytes, fc.constant(new Uint8Array(50_000).fill(3))),
});

const transfer = fc.record({ kind: fc.constant('transfer' as const), from: fc.constant(from), bytes });

const decided: fc.Arbitrary<DecidedMessage> = fc.record({
  kind: fc.constant('decided' as const),
  vid,
  from: fc.constant(from),
  record: fc.record({
    ballot: vid,
    fates: fc.array(fc.constantFrom('lost' as const, 'leaves' as const, 'stays' as const), { maxLength: 8 }),
    trims: fc.array(fc.array(vid, { maxLength: 4 }), { maxLength: 4 }),
    layout: fc.array(fc.array(fc.nat(67), { maxLength: 4 }), { maxLength: 4 }),
    joiners: fc.array(
      fc.record({
        id: fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
        incarnation: fc.integer({ min: 1, max: 2 ** 47 }),
      }),
      { maxLength: 4 },
    ),
  }),
});

/** Buffers as plain arrays, so that they compare with Uint8Arrays. */
function plain(message: ChannelMessage): unknown {
  return JSON.parse(
    JSON.stringify(message, (_key, value: unknown) =>
      value instanceof Uint8Array ? Array.from(value) : value === undefined ? null : value,
    ).replaceAll(/\{"type":"Buffer","data":(\[[^\]]*\])\}/g, '$1'),
  );
}

describe('a control message', () => {
  it('arrives as it was sent', () => {
    fc.assert(
      fc.property(fc.oneof(keys, applicationMessage, transfer, decided), message => {
        expect(plain(decodeMessage(frameOfMessage(message), from))).to.deep.equal(plain(message));
      }),
    );
  });

  it('that is cut short or changed is read as another one or refused, and nothing worse', () => {
    fc.assert(
      fc.property(fc.oneof(keys, decided), fc.nat(), fc.nat(255), fc.nat(), (message, at, value, length) => {
        const { kind, payload } = frameOfMessage(message);
        const changed = Buffer.from(payload);
        changed[at % changed.length] = value;
        const cutOff = changed.subarray(0, length % (changed.length + 1));
        for (const hostile of [changed, cutOff]) {
          try {
            decodeMessage({ kind, payload: hostile }, from);
          } catch (error) {
            expect(error).to.be.instanceOf(Unreadable);
          }
        }
      }),
    );
  });

  const KEYS: KeysMessage = {
    kind: 'keys',
    vid: 3,
    from,
    address: Buffer.from('address'),
    memberTable: Buffer.from('member'),
    shardTables: [Buffer.from('0'), undefined, Buffer.alloc(0)],
  };
  const DECIDED: DecidedMessage = {
    kind: 'decided',
    vid: 3,
    from,
    record: {
      ballot: 4,
      fates: ['stays', 'lost'],
      trims: [[1, 2], [], [3]],
      layout: [[0], [], [0, 1]],
      joiners: [{ id: 'n7', incarnation: 9 }],
    },
  };

  for (const message of [KEYS, DECIDED]) {
    it(`of kind ${message.kind} is refused at every place where it can end too early, and behind its end`, () => {
      const { kind, payload } = frameOfMessage(message);
      for (let length = 0; length < payload.length; length++) {
        expect(() => decodeMessage({ kind, payload: payload.subarray(0, length) }, from)).to.throw(
          Unreadable,
        );
      }
      const longer = Buffer.concat([payload, Buffer.of(0)]);
      expect(() => decodeMessage({ kind, payload: longer }, from)).to.throw(Unreadable, '1 bytes follow');
    });
  }

  it('is refused with a count of tables that did not come', () => {
    const payload = Buffer.alloc(20);
    payload.writeUInt32LE(0xffff_fff0, 16);
    expect(() => decodeMessage({ kind: FRAME_KIND.keys, payload }, from)).to.throw(
      Unreadable,
      'keys: 4294967280 shard tables are announced, and 0 bytes came',
    );
  });

  const records: readonly (readonly [what: string, at: number, value: number, problem: string])[] = [
    ['a ballot of half a round', 8, 0.5, 'ballot is 0.5'],
    ['a ballot below 0', 8, -1, 'ballot is -1'],
    ['a trim that is no number', 8 + 8 + 4 + 2 + 4 + 4, NaN, 'trims[0][0] is NaN'],
    ['a trim that is too large', 8 + 8 + 4 + 2 + 4 + 4 + 8, 2 ** 53, 'trims[0][1] is 9007199254740992'],
  ];
  for (const [what, at, value, problem] of records) {
    it(`is refused with ${what}`, () => {
      const { kind, payload } = frameOfMessage(DECIDED);
      payload.writeDoubleLE(value, at);
      expect(() => decodeMessage({ kind, payload }, from)).to.throw(Unreadable, problem);
    });
  }

  it('is refused with a fate that there is not, or with more of them than came', () => {
    const { kind, payload } = frameOfMessage(DECIDED);
    payload[8 + 8 + 4 + 1] = 3;
    expect(() => decodeMessage({ kind, payload }, from)).to.throw(Unreadable, 'fates[1] is 3');
    payload.writeUInt32LE(0xffff_ffff, 8 + 8);
    expect(() => decodeMessage({ kind, payload }, from)).to.throw(
      Unreadable,
      '4294967295 fates are announced',
    );
  });

  for (const wrong of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    it(`is refused in view ${wrong}`, () => {
      const payload = Buffer.alloc(8);
      payload.writeDoubleLE(wrong);
      expect(() => decodeMessage({ kind: FRAME_KIND.application, payload }, from)).to.throw(Unreadable);
    });
  }
});

describe('a greeting', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
  const word = fc.stringMatching(/^[!-~]{1,255}$/);
  const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const greeting = fc.record({
    identity: fc.record({ id: name, incarnation: count }),
    seeds: fc.array(word, { maxLength: 5 }),
    fabric: word,
    ringBytes: count,
    suspicionTimeout: count,
    determinismGuard: fc.boolean(),
    fingerprints: fc
      .uniqueArray(fc.tuple(name, fc.string()), { selector: ([key]) => key })
      .map(it => new Map(it)),
    groupRuns: fc.boolean(),
  });

  it('arrives as it was sent, in the order of its actors', () => {
    fc.assert(
      fc.property(greeting, it => {
        const read = decodeGreeting(encodeGreeting(it));
        expect(read).to.deep.equal(it);
        expect([...read.fingerprints]).to.deep.equal([...it.fingerprints]);
      }),
    );
  });

  it('of a later version with more to say is understood', () => {
    const text = JSON.parse(encodeGreeting(greetingOf('a')).toString()) as object;
    const more = Buffer.from(JSON.stringify({ ...text, zone: 'eu' }));
    expect(decodeGreeting(more)).to.deep.equal(greetingOf('a'));
  });

  const fields = JSON.parse(encodeGreeting(greetingOf('a')).toString()) as Record<string, unknown>;
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['identity', undefined, 'identity must be an object, but is undefined'],
    ['identity', [], 'identity must be an object, but is an array of 0'],
    ['identity', { id: 'a\nb', incarnation: 1 }, 'identity.id must be 1 to 64 of'],
    ['identity', { id: 'a', incarnation: '1' }, 'identity.incarnation must be a whole number'],
    ['seeds', 'n1', 'seeds must be a list, but is the text "n1"'],
    ['seeds', ['n1:1', 'n 2'], 'seeds[1] must be 1 to 255 printable characters without spaces'],
    ['fabric', null, 'fabric must be'],
    ['ringBytes', -1, 'ringBytes must be a whole number from 0'],
    ['ringBytes', 1e300, 'ringBytes must be a whole number from 0'],
    ['suspicionTimeout', undefined, 'suspicionTimeout must be a whole number from 0'],
    ['determinismGuard', 1, 'determinismGuard must be true or false, but is the number 1'],
    ['fingerprints', {}, 'fingerprints must be a list, but is a plain object'],
    ['fingerprints', [['bank']], 'fingerprints[0][1] must be a text, but is undefined'],
    [
      'fingerprints',
      [
        ['x', ''],
        ['x', ''],
      ],
      "fingerprints[1] repeats the actor 'x'",
    ],
  ];
  for (const [field, value, problem] of cases) {
    it(`is refused with ${field} ${JSON.stringify(value)}`, () => {
      const text = JSON.stringify({ ...fields, [field]: value });
      expect(() => decodeGreeting(Buffer.from(text))).to.throw(Unreadable, problem);
    });
  }

  for (const text of ['', 'null', '[]', '{', '{}', '1', '\xff\xfe', '['.repeat(100_000)]) {
    it(`is refused as ${JSON.stringify(text.slice(0, 10))}`, () => {
      expect(() => decodeGreeting(Buffer.from(text, 'latin1'))).to.throw(Unreadable);
    });
  }

  it('that nobody would take is not sent', () => {
    const fingerprints = new Map([['bank', 'x'.repeat(300_000)]]);
    expect(() => encodeGreeting({ ...greetingOf('a'), fingerprints }))
      .to.throw(/of its 1 actors.*262144 are allowed/)
      .with.property('code', 'CONFIG_INVALID');
  });
});

describe('a refusal', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['keeps its words', 'größer als 3', 'größer als 3'],
    ['cannot forge lines of a log', 'a\nb\r\x1b[2Jc\u2028d', 'a b  [2Jc d'],
    ['cannot fill a log', 'x'.repeat(100_000), 'x'.repeat(4_096)],
  ];
  for (const [what, words, shown] of cases) {
    it(what, () => {
      const frame = encodeRefusal(words);
      expect(decodeRefusal(frame.subarray(5))).to.equal(shown);
      expect(decodeRefusal(Buffer.from(words, 'utf8'))).to.equal(shown);
    });
  }
});
