/**
 * Goal: a cluster's secret is not replaced by a certificate, not even by one of an authority that the whole machine trusts.
 * Method: a process that trusts the test's authority as its own (NODE_EXTRA_CA_CERTS), and a false seed with a certificate of
 * that authority which answers like a member. That the certificate is trusted there is checked first.
 */
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from './certificates.js';

const MEMBERS = new URL('./test-member.js', import.meta.url).href;
const RAW_PEERS = new URL('./raw-peer.js', import.meta.url).href;

const scriptOf = (certificate: object): string => `
  import { connect, createServer } from 'node:tls';
  import { TestMember, closeMembers } from ${JSON.stringify(MEMBERS)};
  import { hello } from ${JSON.stringify(RAW_PEERS)};
  const server = createServer(${JSON.stringify(certificate)}, socket => {
    socket.on('error', () => undefined);
    socket.write(hello('false'));
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const isTrusted = await new Promise(resolve => {
    const socket = connect({ host: 'localhost', port }, () => {
      resolve(socket.authorized);
      socket.destroy();
    });
  });
  const secret = { kind: 'secret', secret: 'the secret of this cluster' };
  const a = await TestMember.start({ seeds: ['localhost:' + port], security: secret });
  await a.until(() => a.events.length > 0);
  console.log(isTrusted, a.events[0]);
  await closeMembers();
  server.close();
`;

describe('a secret of a cluster', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowecho-trust-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is not replaced by a certificate of an authority that the machine trusts', async () => {
    const authority = new Authority('trusted by the machine');
    const file = join(folder, 'ca.pem');
    writeFileSync(file, authority.ca);
    const { cert, key } = authority.issue(['DNS:localhost']);
    const args = ['--input-type=module', '--eval', scriptOf({ cert, key })];
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: file };
    const printed = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, args, { timeout: 15_000, env }, (error, stdout, stderr) =>
        error === null ? resolve(stdout.trim()) : reject(new Error(`${error.message}\n${stderr}`)),
      );
    });
    expect(printed).to.match(/^true unanswered: it shows a certificate, and this member has a secret/);
  });
});
