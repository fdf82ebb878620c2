/**
 * Goal: between members, messages arrive once, in order and unchanged, over any security; and when a connection breaks,
 * both sides know what they may rely on. Method: real sockets of the loopback interface, a wire that resets connections, and
 * raw peers where a member would be too honest.
 */
import type { ControlMessage } from '@bowecho/core';
import { expect } from 'chai';
import type { SecureOptions } from '../../src/control/security.js';
import { Authority } from './certificates.js';
import { closeRawPeers, hello, messageFrame, RawPeer, rawServer, Wire } from './raw-peer.js';
import { application, closeMembers, connectedMembers, freeAddress, TestMember } from './test-member.js';

const QUICK = { firstRetryMillis: 5, lastRetryMillis: 20 };

function textsOf(messages: readonly ControlMessage[]): string[] {
  return messages.map(message =>
    message.kind === 'application' ? Buffer.from(message.bytes).toString() : message.kind,
  );
}

describe('the TCP control channel', () => {
  afterEach(async () => {
    closeRawPeers();
    await closeMembers();
  });

  const securities: readonly (() => SecureOptions)[] = [
    () => ({ kind: 'none' }),
    () => ({ kind: 'secret', secret: 'a secret of the test' }),
    () => new Authority('test').issue(['IP:127.0.0.1', 'DNS:localhost']),
  ];
  for (const securityOf of securities) {
    const security = securityOf();
    it(`carries messages of any size up to the bound: ${security.kind}`, async () => {
      const limits = { maxFrameBytes: 3_000_000 };
      const [a, b] = (await connectedMembers(['a', 'b'], { security, limits })) as [TestMember, TestMember];
      const most = limits.maxFrameBytes - 8; // a view id goes with it
      const sizes = [0, 1, 13, 16_383, 16_384, 16_385, 65_535, 65_536, 1_000_000, most, 0, 5];
      const payloads = sizes.map((size, i) => Buffer.alloc(size, i + 1));
      payloads.forEach((payload, i) => expect(a.send(b, payload, i)).to.be.true);
      expect(() => a.send(b, Buffer.alloc(most + 1)))
        .to.throw('exceeds the 3000000 that one may have')
        .with.property('code', 'TOO_LARGE');
      await b.until(() => b.messages.length >= sizes.length);
      b.messages.forEach((message, i) => {
        if (message.kind !== 'application') expect.fail(`message ${i} has the kind ${message.kind}`);
        expect([message.vid, message.from, message.bytes.length]).to.deep.equal([i, a.identity, sizes[i]]);
        expect(payloads[i]!.equals(message.bytes), `message ${i}`).to.be.true;
      });
      expect(b.messages).to.have.length(sizes.length);
      expect(a.events.filter(event => event.startsWith('lost'))).to.deep.equal([]);
    });
  }

  it('carries keys', async () => {
    const [a, b] = (await connectedMembers(['a', 'b'])) as [TestMember, TestMember];
    const shardTables = [Buffer.from('s0'), undefined, Buffer.from('s2')];
    const keys = { address: Buffer.from('address'), memberTable: Buffer.from('member'), shardTables };
    a.channel.send(b.identity, { kind: 'keys', vid: 4, from: a.identity, ...keys });
    await b.until(() => b.messages.length > 0);
    expect(b.messages).to.deep.equal([{ kind: 'keys', vid: 4, from: a.identity, ...keys }]);
  });

  it('leads to oneself, too', async () => {
    const [a] = (await connectedMembers(['a'])) as [TestMember];
    expect(a.events).to.include('greeted a');
    a.send(a, Buffer.from('note'));
    expect(a.messages, 'handed over later, never in the middle of send').to.deep.equal([]);
    await a.until(() => a.messages.length > 0);
    expect(textsOf(a.messages)).to.deep.equal(['note']);
  });

  it('has no way to whom it has not met', async () => {
    const [a] = (await connectedMembers(['a'])) as [TestMember];
    expect(a.channel.send({ id: 'b', incarnation: 1 }, application(a.identity, Buffer.of(1)))).to.be.false;
    expect(a.channel.send({ id: 'a', incarnation: 2 }, application(a.identity, Buffer.of(1)))).to.be.false;
  });

  it('takes no message of a member that it refused, and tells it why until it is let in', async () => {
    let refusals = 3;
    const b = await TestMember.start({
      id: 'b',
      limits: QUICK,
      answer: () => (refusals-- > 0 ? { refusal: 'it has other actors' } : { greeting: b.greeting }),
    });
    const a = await TestMember.start({ id: 'a', seeds: [b.address], limits: QUICK });
    await a.untilEvent('answered b');
    expect(a.events).to.deep.equal(['unanswered: it refused: it has other actors', 'answered b']);
    expect(b.events).to.deep.equal(Array<string>(4).fill('greeted a'));

    const stranger = await TestMember.start({ id: 'c', answer: () => ({ refusal: 'no' }) });
    const raw = new RawPeer(stranger.port).write(hello('d'), messageFrame('let me in'));
    expect((await raw.closed()).toString('latin1')).to.include('no');
    expect(stranger.messages).to.deep.equal([]);
  });

  it('tells of a connection that broke, once, and of the next one', async () => {
    const b = await TestMember.start({ id: 'b', limits: QUICK });
    const wire = await Wire.to(b.port);
    const a = await TestMember.start({ id: 'a', seeds: [wire.address], limits: QUICK });
    for (let round = 1; round <= 3; round++) {
      await a.untilEvent('answered b', round);
      expect(a.send(b, Buffer.from(`round ${round}`))).to.be.true;
      await b.until(() => b.messages.length >= round);
      wire.reset();
      await a.untilEvent('lost b', round);
      expect(a.send(b, Buffer.from('into nothing'))).to.be.false;
      await b.until(() => b.silences.length >= round); // who hears is told as well
    }
    expect(b.silences).to.deep.equal(['a', 'a', 'a']);
    await a.untilEvent('answered b', 4);
    const lost = 'lost b: it reset the connection (ECONNRESET)';
    const expected = ['answered b', lost, 'answered b', lost, 'answered b', lost, 'answered b'];
    expect(a.events.filter(event => !event.startsWith('unanswered'))).to.deep.equal(expected);
    expect(textsOf(b.messages)).to.deep.equal(['round 1', 'round 2', 'round 3']);
  });

  it('keeps what arrives in order, without repeats, over resets in the middle of a stream', async () => {
    const b = await TestMember.start({ id: 'b', limits: QUICK });
    const wire = await Wire.to(b.port);
    const a = await TestMember.start({ id: 'a', seeds: [wire.address], limits: QUICK });
    let sent = 0;
    for (let round = 1; round <= 5; round++) {
      await a.untilEvent('answered b', round);
      const before = b.messages.length;
      for (let i = 0; i < 500; i++) a.send(b, Buffer.alloc(5_000), sent++);
      await b.until(() => b.messages.length > before);
      wire.reset();
      await a.untilEvent('lost b', round);
    }
    await a.untilEvent('answered b', 6);
    a.send(b, Buffer.of(1), sent);
    await b.until(() => b.messages.at(-1)?.vid === sent);
    const order = b.messages.map(({ vid }) => vid);
    expect(order).to.deep.equal([...new Set(order)].sort((x, y) => x - y));
  });

  it('knows the next process at an address from the one before', async () => {
    const first = await TestMember.start({ id: 'b', incarnation: 1, limits: QUICK });
    const a = await TestMember.start({ id: 'a', seeds: [first.address], limits: QUICK });
    await a.untilEvent('answered b');
    await first.channel.close();
    await a.untilEvent('lost b');
    const next = await TestMember.start({ id: 'b', incarnation: 2, listen: first.address, limits: QUICK });
    await a.untilEvent('answered b', 2);
    expect(a.send(first, Buffer.of(1))).to.be.false;
    expect(a.send(next, Buffer.of(2))).to.be.true;
    await next.until(() => next.messages.length > 0);
    expect(a.events.filter(event => event.startsWith('lost'))).to.deep.equal([
      'lost b: it closed the connection',
    ]);
  });

  it('gives up a member that does not read', async () => {
    const seed = await rawServer(socket => {
      socket.pause();
      socket.write(hello('b'));
    });
    const limits = { ...QUICK, maxQueuedBytes: 20_000_000 };
    const a = await TestMember.start({ id: 'a', seeds: [seed], limits });
    await a.untilEvent('answered b');
    const chunk = Buffer.alloc(1_000_000);
    let sent = 0;
    while (a.channel.send({ id: 'b', incarnation: 1 }, application(a.identity, chunk))) sent++;
    // In one go of the program nothing leaves, so that exactly the bound is kept.
    expect(sent).to.equal(19);
    expect(a.events.at(-1)).to.equal('answered b');
    await a.untilEvent('lost b: it does not read: 19000247 bytes wait to be sent to it');
    await a.untilEvent('answered b', 2);
  });

  it('ends the older connection of a member when messages come over a newer one', async () => {
    const b = await TestMember.start({ id: 'b' });
    const older = new RawPeer(b.port).write(hello('a'), messageFrame('one'));
    await b.until(() => b.messages.length === 1);
    const newer = new RawPeer(b.port).write(hello('a'));
    await newer.answered();
    older.write(messageFrame('two'));
    await b.until(() => b.messages.length === 2);
    newer.write(messageFrame('three'));
    await older.closed();
    newer.write(messageFrame('four'));
    await b.until(() => b.messages.length === 4);
    expect(textsOf(b.messages)).to.deep.equal(['one', 'two', 'three', 'four']);
  });

  it('uses one way to a member that two seeds lead to, and the other when that breaks', async () => {
    const b = await TestMember.start({ id: 'b', limits: QUICK });
    const wire = await Wire.to(b.port);
    const other = `localhost:${b.port}`;
    const a = await TestMember.start({ id: 'a', seeds: [wire.address], limits: QUICK });
    await a.untilEvent('answered b');
    const twice = await TestMember.start({ id: 'c', seeds: [wire.address, other], limits: QUICK });
    await twice.untilEvent('answered b', 2);
    for (let i = 0; i < 10; i++) twice.send(b, Buffer.from(`${i}`));
    await b.until(() => b.messages.length === 10);
    wire.reset();
    await twice.untilEvent('answered b', 3);
    expect(twice.send(b, Buffer.from('10'))).to.be.true;
    await b.until(() => b.messages.length === 11);
    expect(textsOf(b.messages)).to.deep.equal(Array.from({ length: 11 }, (_, i) => `${i}`));
  });

  it('refuses what it cannot listen at', async () => {
    const taken = await TestMember.start({ id: 'b' });
    const cases: readonly (readonly [string, string, string])[] = [
      [taken.address, 'ADDRESS_IN_USE', `already listens at '${taken.address}' (EADDRINUSE)`],
      [
        '192.0.2.1:7400',
        'CONFIG_INVALID',
        "cannot listen at '192.0.2.1:7400': this machine has no such address",
      ],
      [
        'nonsense',
        'CONFIG_INVALID',
        "listen must be an address like 'n1:7400' or '[::1]:7400', but is the text",
      ],
    ];
    for (const [listen, code, words] of cases) {
      const a = await TestMember.make({ listen });
      const error = await a.channel.open(a.greeting, a).then(
        () => undefined,
        (it: unknown) => it,
      );
      expect(error).to.have.property('code', code);
      expect(error).to.have.property('message').that.includes(words);
    }
    const seed = await TestMember.make({ seeds: ['n1'] });
    const error = await seed.channel.open(seed.greeting, seed).catch((it: unknown) => it);
    expect(error).to.have.property('message').that.includes('seeds[0] must be an address');
  });

  it('takes again an address that was closed', async () => {
    const listen = await freeAddress();
    for (let round = 0; round < 3; round++) {
      const [a, b] = [
        await TestMember.start({ id: 'a', listen, incarnation: round }),
        await TestMember.start({ id: 'b', seeds: [listen], limits: QUICK }),
      ];
      await b.untilEvent('answered a');
      await closeMembers();
      expect(a.events).to.include('greeted b');
    }
  });
});
