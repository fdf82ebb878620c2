/** The demo as a person runs it: its output and its exit status, on each fabric that there is here. */
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { fabricProblem } from '@bowecho/actors/local';
import { expect } from 'chai';
import { formatCount } from '../src/format.js';
import type { Loss } from '../src/loss.js';
import type { Testimony } from '../src/verdict.js';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));
const AGREEMENT = 'All replicas agree with each other and with the plain computation.';
const FABRICS = ['shared-memory', 'libfabric-tcp', 'in-process'] as const;

interface End {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function runDemo(args: readonly string[], env: NodeJS.ProcessEnv = {}): End {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, out: stdout, err: stderr };
}

/** So many that nobody has sent them before a signal arrives. */
const MANY = ['--flights', '1000000'];

/** The members whose process ids the demo has printed are gone. */
function expectNoProcessOf(out: string): void {
  for (const [, pid] of out.matchAll(/n\d (\d+)/g)) {
    expect(() => process.kill(Number(pid), 0)).to.throw('ESRCH');
  }
}

/** What the demo says when flights are sent, and when it has killed a member. */
const SENDING = 'Ctrl-C stops';
const KILLED = '\nkilled n1';

/** Starts a long demo, and once it has said `cue` does with it what `act` does. */
async function interfere(
  args: readonly string[],
  cue: string,
  act: (demo: ChildProcessByStdio<null, Readable, Readable>, out: string) => void,
): Promise<End> {
  const demo = spawn(process.execPath, [MAIN, ...MANY, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  let hasActed = false;
  demo.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  demo.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (hasActed || !out.includes(cue)) return;
    hasActed = true;
    act(demo, out);
  });
  const [status] = (await once(demo, 'close')) as [number | null];
  return { status, out, err };
}

describe('the demo', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowecho-air-traffic-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const fabric of FABRICS) {
    describe(`on the fabric ${fabric}`, () => {
      const on = ['--fabric', fabric];
      before(async function () {
        if ((await fabricProblem(fabric)) !== undefined) this.skip();
      });

      it('ends with agreement, and writes the result down', () => {
        const json = join(folder, `${fabric}.json`);
        const { status, out, err } = runDemo([...on, '--flights', '3000', '--json', json]);
        expect(err).to.equal('');
        expect(status).to.equal(0);
        expect(out).to.include(AGREEMENT);
        expect(out).to.match(/^3 members ready after [\d.]+ s: view 0 of n1, n2, n3$/m);
        const lines = out.split('\n');
        expect(lines.length).to.be.at.most(59);
        expect(lines.filter(line => line.length > 80)).to.deep.equal([]);
        const result = JSON.parse(readFileSync(json, 'utf8')) as Record<string, unknown>;
        expect(result).to.deep.include({ agree: true, disagreements: [] });
        const isOneProcess = fabric === 'in-process';
        expect(result['losses']).to.have.lengthOf(isOneProcess ? 0 : 1);
        expect(result['replicas']).to.have.lengthOf(3);
        // Who came back has sent flights, too, where there was something left to share out.
        expect(result['usages']).to.have.length.within(isOneProcess ? 1 : 3, isOneProcess ? 1 : 4);
        expect(result['speed']).to.include({ commands: 3_000, members: 3 });
      });

      for (const members of ['1', '8']) {
        it(`runs with ${members} members`, () => {
          const { status, out } = runDemo([...on, '--flights', '100', '--members', members, '--kill', '0']);
          expect(status).to.equal(0);
          expect(out).to.include(AGREEMENT);
          expect(out.match(/^ {2}n\d +100 (?! *%)/gm)).to.have.lengthOf(Number(members));
        });
      }

      it('reports on what was sent when it is interrupted, and takes an echo of that for the same', async () => {
        const { status, out, err } = await interfere(on, SENDING, demo => {
          demo.kill('SIGINT');
          demo.kill('SIGINT');
        });
        expect(err).to.equal('');
        expect(status).to.equal(130);
        expect(out).to.match(/stopped after [\d,]+ flights/);
        expect(out).to.include(AGREEMENT);
      });

      if (fabric !== 'in-process') {
        it('loses members while they send, and the others have told the board everything in the end', () => {
          const json = join(folder, `${fabric}-killed.json`);
          const args = [...on, '--flights', '60000', '--members', '5', '--kill', '2', '--json', json];
          const { status, out, err } = runDemo(args);
          expect(err).to.equal('');
          expect(status).to.equal(0);
          expect(out).to.include(AGREEMENT);
          const lines = out.split('\n').filter(line => /kill|view|got through|pause/.test(line));
          expect(lines).to.have.lengthOf(15);
          expect(lines.filter(line => line.length > 80)).to.deep.equal([]);
          const { losses, replicas } = JSON.parse(readFileSync(json, 'utf8')) as {
            losses: Loss[];
            replicas: Testimony[];
          };
          expect(replicas.map(({ from }) => from)).to.deep.equal(['n3', 'n4', 'n5', 'n1', 'n2']);
          for (const { contents } of replicas) expect(contents.totals.flights).to.equal(60_000);
          expect(losses.map(({ member, view }) => ({ member, view }))).to.deep.equal([
            { member: 'n1', view: { id: 1, members: ['n2', 'n3', 'n4', 'n5'] } },
            { member: 'n2', view: { id: 3, members: ['n3', 'n4', 'n5', 'n1'] } },
          ]);
          const [first, second] = losses;
          expect(first!.answered).to.be.at.least(20_000);
          expect(first!.applied + first!.takenOver).to.equal(12_000);
          expect(second!.applied + second!.takenOver).to.be.closeTo(first!.takenOver / 5, 1);
          for (const { comeback, view } of losses) expect(comeback!.view.id).to.equal(view.id + 1);
          for (const { member, answered } of losses) {
            expect(out).to.include(`\nkilled ${member} after ${formatCount(answered)} flights\n`);
          }
          expectNoProcessOf(out);
        });

        it('reports on what was sent when it is interrupted after a loss', async () => {
          const args = [...on, '--flights', '300000'];
          const { status, out, err } = await interfere(args, KILLED, demo => demo.kill('SIGINT'));
          expect(err).to.equal('');
          expect(status).to.equal(130);
          expect(out).to.match(/^n1 had got through [\d,]+ of its 100,000 flights$/m);
          expect(out).to.match(/^n1 was killed after .*\n.*; 0 flights were shared out$/m);
          expect(out).to.include(AGREEMENT);
        });

        it('says in words that a member died that it did not kill, and ends', async () => {
          const { status, out, err } = await interfere([...on, '--kill', '0'], SENDING, (_, out) => {
            process.kill(Number(/n2 (\d+)/.exec(out)![1]), 'SIGKILL');
          });
          expect(err).to.match(
            /^air-traffic: member n2 was ended by SIGKILL; the demo did not ask for that.*\n$/,
          );
          expect(status).to.equal(1);
          expectNoProcessOf(out);
        });
      }
    });
  }

  it('runs in one process, and says why, where processes cannot be connected', () => {
    const { status, out } = runDemo(['--flights', '100'], {
      NODE_OPTIONS: '--no-addons',
      BOWECHO_FABRIC: '',
    });
    expect(status).to.equal(0);
    expect(out).to.include('\nprocesses cannot be connected here: ');
    expect(out).to.include('\nall 3 members are in this process\n').and.to.include(AGREEMENT);
    expect(out).to.include('\nno member is killed: they are all in one process\n');
  });

  it('says in words what a member could not do', async function () {
    if ((await fabricProblem('shared-memory')) !== undefined) this.skip();
    const { status, err } = runDemo(['--fabric', 'shared-memory', '--flights', '100'], {
      BOWECHO_SECRET: 'too short',
    });
    expect(status).to.equal(1);
    expect(err).to.match(
      /^air-traffic: member n\d failed: the cluster configuration has 1 problem:\n +- secret must be/,
    );
    expect(err).not.to.include('    at ');
  });

  it('says in words, and once, that a fabric cannot be used', () => {
    const { status, out, err } = runDemo(['--fabric', 'shared-memory', '--flights', '100'], {
      NODE_OPTIONS: '--no-addons',
    });
    expect(status).to.equal(1);
    expect(out).to.equal('');
    expect(err).to.match(/^air-traffic: the fabric 'shared-memory' cannot be used here: .*\n$/);
  });

  const refused: [what: string, args: string[], sentence: RegExp][] = [
    ['no flights', ['--flights', '0'], /'--flights <number>' argument '0' is invalid.* from 1 to 3000000/],
    ['text for flights', ['--flights', 'abc'], /'abc' is invalid.* whole number/],
    ['half a flight', ['--flights', '1.5'], /'1.5' is invalid/],
    ['too many flights', ['--flights', '3000001'], /'3000001' is invalid/],
    ['too many members', ['--members', '17'], /'--members <number>' argument '17' is invalid.* from 1 to 16/],
    [
      'to kill too many',
      ['--members', '5', '--kill', '3'],
      /'--kill <number>' argument '3' is invalid\. Of 5 members more than half must be left, so at most 2 can/,
    ],
    [
      'a fabric that is none',
      ['--fabric', 'tcp'],
      /--fabric must be one of 'auto', .* did you mean 'libfabric-tcp'/,
    ],
    [
      'an address that is not here',
      ['--host', '203.0.113.9'],
      /^air-traffic: --host must be an IP address of this machine, but 203\.0\.113\.9 is none/,
    ],
    ['an unknown option', ['--planes', '3'], /unknown option '--planes'/],
    ['an argument too many', ['now'], /too many arguments/],
    ['a file that cannot be', ['--json', join('no', 'such', 'folder', 'x')], /^air-traffic: .*no such file/],
  ];
  for (const [what, args, sentence] of refused) {
    it(`refuses ${what} at once`, () => {
      const { status, out, err } = runDemo(args);
      expect(status).to.equal(1);
      expect(out).to.equal('');
      expect(err).to.match(sentence);
      expect(err).not.to.include('    at ');
    });
  }
});
