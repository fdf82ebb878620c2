/**
 * Goal: who waits for a seed is told in words why it does not answer, once, and it is dialed again until it does. Method: a
 * table of what can listen at a seed; the same member is told after each dial, so a repeated sentence would show.
 */
import { expect } from 'chai';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describeSocketError } from '../../src/control/connection-problem.js';
import { PROTOCOL_VERSION } from '../../src/control/greeting.js';
import type { SecureOptions } from '../../src/control/security.js';
import { encodeRefusal } from '../../src/control/refusal.js';
import { preamble } from '../../src/control/preamble.js';
import { Authority } from './certificates.js';
import { closeRawPeers, headerOf, hello, rawServer } from './raw-peer.js';
import { closeMembers, freeAddress, TestMember } from './test-member.js';

const QUICK = { firstRetryMillis: 2, lastRetryMillis: 4 };
const NONE: SecureOptions = { kind: 'none' };
const SECRET: SecureOptions = { kind: 'secret', secret: 'the secret of this cluster' };
const OTHER_SECRET: SecureOptions = { kind: 'secret', secret: 'a secret of another one' };
const authority = new Authority('cluster');
const foreign = new Authority('foreign');
const certificates = authority.issue(['IP:127.0.0.1', 'DNS:localhost']);
const SAME = 'all members must use the same secret, or certificates';

const anotherVersion = hello('b');
anotherVersion[7] = PROTOCOL_VERSION + 1;

const server = (onConnection: (socket: Socket) => void): (() => Promise<string>) => {
  return () => rawServer(onConnection);
};

const member =
  (security: SecureOptions, host = '127.0.0.1'): (() => Promise<string>) =>
  async () => {
    const { port } = await TestMember.start({ id: 'b', security });
    return `${host}:${port}`;
  };

async function webServer(): Promise<string> {
  const web = createServer();
  await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve));
  webServers.push(() => {
    web.closeAllConnections();
    web.close();
  });
  return `127.0.0.1:${(web.address() as AddressInfo).port}`;
}
const webServers: (() => void)[] = [];

const CASES: readonly (readonly [
  what: string,
  seed: () => Promise<string>,
  security: SecureOptions,
  problem: RegExp,
])[] = [
  ['nobody', () => freeAddress(), NONE, /^nobody listens there \(ECONNREFUSED\)$/],
  [
    'nobody, under several addresses',
    () => freeAddress('localhost'),
    NONE,
    /^nobody listens there \(ECONNREFUSED\)$/,
  ],
  ['a web server', webServer, NONE, /^no Bowecho member answers there: the answer began with "HTTP\/1\.1"$/],
  [
    'another protocol',
    server(s => s.write('SSH-2.0-OpenSSH')),
    NONE,
    /^no Bowecho member .* began with "SSH-2\.0-"$/,
  ],
  ['few words', server(s => s.end('no')), NONE, /^no Bowecho member answers there: the answer was "no"$/],
  ['one that ends', server(s => s.resume().end()), NONE, /^it closed the connection without an answer$/],
  ['one that resets', server(s => s.resetAndDestroy()), NONE, /^it reset the connection \(ECONNRESET\)$/],
  [
    'a silent one',
    server(s => s.resume()),
    NONE,
    /^it accepted the connection and did not answer the greeting within 0\.05 s$/,
  ],
  [
    'another version',
    server(s => s.write(anotherVersion)),
    NONE,
    new RegExp(
      `^it speaks version ${PROTOCOL_VERSION + 1} of the protocol, this member version ${PROTOCOL_VERSION}: all members must`,
    ),
  ],
  [
    'a refusal',
    server(s => s.write(Buffer.concat([preamble(), encodeRefusal('too late')]))),
    NONE,
    /^it refused: too late$/,
  ],
  [
    'a huge answer',
    server(s => s.write(Buffer.concat([preamble(), headerOf(2 ** 31, 1)]))),
    NONE,
    /^what it answers cannot be read: a frame of 2147483648 bytes was announced, and 262144 are allowed$/,
  ],
  [
    'a message for an answer',
    server(s => s.write(Buffer.concat([preamble(), headerOf(0, 4)]))),
    NONE,
    /^what it answers cannot be read: a frame of kind 4 came, and only a greeting or a refusal may$/,
  ],
  ['TLS, and I have none', member(SECRET), NONE, new RegExp(`^it refused: TLS is asked for here: ${SAME}$`)],
  [
    'no TLS, and I have a secret',
    member(NONE),
    SECRET,
    new RegExp(`^it speaks no TLS, and this member does \\(ERR_SSL_WRONG_VERSION_NUMBER\\): ${SAME}$`),
  ],
  ['no TLS, and I have certificates', member(NONE), certificates, /^it speaks no TLS, and this member does/],
  ['a web server, and I have a secret', webServer, SECRET, /^it speaks no TLS, and this member does/],
  [
    'another secret',
    member(OTHER_SECRET),
    SECRET,
    /^it does not know this cluster's secret \(ERR_SSL_.*ALERT.*\)$/,
  ],
  [
    'certificates, and I have a secret',
    member(certificates),
    SECRET,
    /^it shows a certificate, and this member has a secret \(SELF_SIGNED_CERT_IN_CHAIN\): all members must use the same$/,
  ],
  [
    'a secret, and I have certificates',
    member(SECRET),
    certificates,
    /^it speaks TLS without certificates, perhaps with a secret \(ERR_SSL_.*HANDSHAKE_FAILURE\): all members must use the same$/,
  ],
  [
    'a certificate of another authority',
    member(foreign.issue(['IP:127.0.0.1'])),
    certificates,
    /^its certificate is not trusted: .* \(SELF_SIGNED_CERT_IN_CHAIN\)$/,
  ],
  [
    'a certificate for another host',
    member(authority.issue(['DNS:n1', 'DNS:n2']), 'localhost'),
    certificates,
    /^its certificate is not for the host that was dialed: Host: localhost\. is not in the cert's altnames: DNS:n1, DNS:n2/,
  ],
  [
    'a certificate for another address',
    member(authority.issue(['IP:127.0.0.9'])),
    certificates,
    /^its certificate is not for the host that was dialed: IP: 127\.0\.0\.1 is not in the cert's list/,
  ],
  [
    'a certificate of former times',
    member(authority.issue(['IP:127.0.0.1'], '210101000000Z')),
    certificates,
    /^its certificate is not trusted: certificate has expired \(CERT_HAS_EXPIRED\)$/,
  ],
  [
    'one that does not trust me',
    member(certificates),
    { ...foreign.issue(['IP:127.0.0.1']), ca: authority.ca },
    /^it refused: the dialer's certificate is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
  ],
  [
    'one that ends in the handshake',
    server(s => s.resume().end()),
    SECRET,
    /^it broke off the TLS handshake \(ECONNRESET\)$/,
  ],
];

describe('a seed does not answer, and its dialer hears why:', () => {
  afterEach(async () => {
    closeRawPeers();
    for (const close of webServers.splice(0)) close();
    await closeMembers();
  });

  for (const [what, seedOf, security, problem] of CASES) {
    it(what, async () => {
      const seed = await seedOf();
      const limits = { ...QUICK, handshakeMillis: what === 'a silent one' ? 50 : 10_000 };
      const a = await TestMember.start({ id: 'a', seeds: [seed], security, limits });
      await a.untilEvent('unanswered: ');
      expect(a.events[0]!.slice('unanswered: '.length)).to.match(problem);
    });
  }

  it('in the same words only once, and then in others', async () => {
    let dials = 0;
    const seed = await rawServer(socket => {
      dials++;
      socket.end(dials <= 5 ? 'no' : 'go away');
    });
    const a = await TestMember.start({ id: 'a', seeds: [seed], limits: QUICK });
    await a.until(() => a.events.length >= 2);
    const answer = (words: string): string =>
      `unanswered: no Bowecho member answers there: the answer was "${words}"`;
    expect(a.events).to.deep.equal([answer('no'), answer('go away')]);
    expect(dials).to.equal(6);
  });

  it('until a member listens there', async () => {
    const listen = await freeAddress();
    const a = await TestMember.start({ id: 'a', seeds: [listen], security: SECRET, limits: QUICK });
    await a.untilEvent('unanswered');
    const b = await TestMember.start({ id: 'b', listen, security: SECRET, limits: QUICK });
    await a.untilEvent('answered b');
    a.send(b, Buffer.from('at last'));
    await b.until(() => b.messages.length > 0);
  });

  it('and a certificate that lists names alone will do where an address is dialed', async () => {
    const b = await TestMember.start({ id: 'b', security: authority.issue(['DNS:n1']) });
    const a = await TestMember.start({ id: 'a', seeds: [b.address], security: certificates, limits: QUICK });
    await a.untilEvent('answered b');
  });

  it('and certificates that do not fit each other are refused before anything is opened', async () => {
    const a = await TestMember.make({ security: { ...certificates, key: foreign.issue([]).key } });
    const error = await a.channel.open(a.greeting, a).catch((it: unknown) => it);
    expect(error).to.have.property('code', 'CONFIG_INVALID');
    expect(error)
      .to.have.property('message')
      .that.matches(/key values mismatch.*the key must be that of the certificate/);
  });

  for (const [code, words] of [
    ['ENOTFOUND', 'the name cannot be resolved (ENOTFOUND)'],
    ['EHOSTUNREACH', 'no way leads to that machine (EHOSTUNREACH)'],
    ['ESOMETHING', 'the connection failed: words of the system (ESOMETHING)'],
  ] as const) {
    it(`as ${code}`, () => {
      const error = Object.assign(new Error('words of the system'), { code });
      expect(describeSocketError(error)).to.equal(words);
      const ofTwo = Object.assign(new AggregateError([error, error], 'words of the system'), {});
      expect(describeSocketError(ofTwo)).to.equal(words);
    });
  }
});
