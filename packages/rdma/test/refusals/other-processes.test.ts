/** Goal: a process that cannot be reached is an error that says why: another user, another pid namespace, gone. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { closePair, makePair, type Pair } from '../pair.js';
import { kill, runScript, startScript } from '../script.js';
import { describeSharedMemory } from '../describe-shared-memory.js';

const INTRODUCE = `
  const fabric = createFabric('shared-memory');
  const region = fabric.register(64);
  say([hex(fabric.address), hex(region.key)]);
`;
const CONNECT = `
  const fabric = createFabric('shared-memory');
  const [address, key] = process.argv.slice(-2);
  say(codeOf(() => fabric.connect(fromHex(address), fromHex(key), fabric.register(64))));
`;
/** Its parent turns into another program, which waits for nobody; when it has said its address it is killed. */
const ZOMBIE = `
  const { spawn } = await import('node:child_process');
  const { once } = await import('node:events');
  const code = "import { createFabric } from '@bowecho/rdma';" +
    "const fabric = createFabric('shared-memory');" +
    "const hex = bytes => Buffer.from(bytes).toString('hex');" +
    "console.log(process.pid, hex(fabric.address), hex(fabric.register(64).key)); setInterval(() => {}, 1000);";
  const parent = spawn('bash', ['-c', '"$0" --input-type=module -e "$1" & exec sleep 60', process.execPath, code]);
  const [line] = await once(parent.stdout, 'data');
  const [pid, address, key] = String(line).trim().split(' ');
  const fabric = createFabric('shared-memory');
  const region = fabric.register(64);
  fabric.connect(fromHex(address), fromHex(key), region);
  const dead = new Promise(resolve => fabric.arm(resolve));
  process.kill(Number(pid), 'SIGKILL');
  const keepAlive = setInterval(() => {}, 1000);
  await dead;
  clearInterval(keepAlive);
  say(codeOf(() => fabric.connect(fromHex(address), fromHex(key), region)));
  parent.kill();
`;
const NOBODY = 65534;
const UNSHARE = ['unshare', '--pid', '--fork', '--mount-proc'];

describeSharedMemory('processes that cannot be reached', () => {
  let pair: Pair;

  beforeEach(() => {
    pair = makePair();
  });
  afterEach(() => closePair(pair));

  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const connectTo = ([address, key]: [string, string]): void => {
    pair.a.connect(
      new Uint8Array(Buffer.from(address, 'hex')),
      new Uint8Array(Buffer.from(key, 'hex')),
      pair.source,
    );
  };

  it('has ended, by itself or by SIGKILL', async () => {
    const { said } = runScript(INTRODUCE);
    expect(() => connectTo(said[0] as [string, string])).to.throw(/^process \d+ has ended/);
    const { child, said: first } = await startScript(`${INTRODUCE} setInterval(() => {}, 1000);`);
    connectTo(first as [string, string]);
    await kill(child);
    expect(() => connectTo(first as [string, string])).to.throw(/^process \d+ has ended/);
  });

  it('has ended, and its parent does not wait for it, seen by any user', function () {
    const isRoot = process.getuid!() === 0;
    if (isRoot && spawnSync(process.execPath, ['--version'], { uid: NOBODY }).status !== 0) {
      this.test!.title += ' (not tried: another user may not run this Node)';
      this.skip();
    }
    const { said, errors } = runScript(ZOMBIE, isRoot ? { uid: NOBODY } : {});
    expect(said, errors).to.have.lengthOf(1);
    expect(said[0]).to.match(/^PEER_UNREACHABLE: process \d+ has ended/);
  });

  it('belongs to another user', function () {
    if (process.getuid!() !== 0) {
      this.test!.title += ' (not tried: needs root, to run a process as another user)';
      this.skip();
    }
    if (spawnSync(process.execPath, ['--version'], { uid: NOBODY }).status !== 0) {
      this.test!.title += ' (not tried: another user may not run this Node)';
      this.skip();
    }
    const { said, errors } = runScript(CONNECT, {
      uid: NOBODY,
      args: [hex(pair.b.address), hex(pair.target.key)],
    });
    expect(said, errors).to.have.lengthOf(1);
    expect(said[0]).to.match(
      /^PEER_UNREACHABLE: process \d+ may not be looked into: it belongs to another user/,
    );
  });

  it('runs in another pid namespace, seen from either side', function () {
    if (spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), 'true']).status !== 0) {
      this.test!.title += ' (not tried: unshare --pid is not permitted here)';
      this.skip();
    }
    const inside = runScript(INTRODUCE, { through: UNSHARE });
    expect(() => connectTo(inside.said[0] as [string, string])).to.throw(/in another pid namespace/);
    const outside = runScript(CONNECT, {
      through: UNSHARE,
      args: [hex(pair.b.address), hex(pair.target.key)],
    });
    expect(outside.said[0]).to.match(/^PEER_UNREACHABLE: process \d+ runs in another pid namespace/);
  });

  it('is reached in another network namespace, as memory needs no network', function () {
    if (spawnSync('unshare', ['--net', 'true']).status !== 0) {
      this.test!.title += ' (not tried: unshare --net is not permitted here)';
      this.skip();
    }
    const { said } = runScript(CONNECT, {
      through: ['unshare', '--net'],
      args: [hex(pair.b.address), hex(pair.target.key)],
    });
    expect(said[0]).to.equal('none');
  });

  it('has no /proc of its own namespace', function () {
    if (spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), 'true']).status !== 0) {
      this.test!.title += ' (not tried: unshare --pid is not permitted here)';
      this.skip();
    }
    const { said } = runScript(`say(codeOf(() => createFabric('shared-memory')));`, {
      through: ['unshare', '--pid', '--fork'],
    });
    expect(said[0]).to.match(/^FABRIC_UNAVAILABLE: .*\/proc belongs to another pid namespace/);
  });
});
