/** The demo as a person runs it: a process of its own, its output and its exit status. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));
const AGREEMENT = 'All replicas agree with each other and with the plain computation.';

function runDemo(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

describe('the demo', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowecho-air-traffic-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('ends with agreement, and writes the result down', () => {
    const json = join(folder, 'result.json');
    const { status, out, err } = runDemo('--flights', '3000', '--json', json);
    expect(err).to.equal('');
    expect(status).to.equal(0);
    expect(out).to.include(AGREEMENT);
    expect(out).to.include('3 members up');
    const lines = out.split('\n');
    expect(lines.length).to.be.at.most(46);
    expect(lines.filter(line => line.length > 80)).to.deep.equal([]);
    const result = JSON.parse(readFileSync(json, 'utf8')) as Record<string, unknown>;
    expect(result).to.deep.include({ agree: true, disagreements: [] });
    expect(result['replicas']).to.have.lengthOf(3);
    expect(result['speed']).to.include({ commands: 3_000, members: 3 });
  });

  for (const members of ['1', '7']) {
    it(`runs with ${members} members`, () => {
      const { status, out } = runDemo('--flights', '100', '--members', members);
      expect(status).to.equal(0);
      expect(out).to.include(AGREEMENT);
      expect(out.match(/^ {2}n\d /gm)).to.have.lengthOf(Number(members));
    });
  }

  it('reports on what was sent when it is interrupted', async () => {
    const demo = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    let isInterrupted = false;
    demo.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (isInterrupted || !out.includes('Ctrl-C stops')) return;
      isInterrupted = true;
      demo.kill('SIGINT');
    });
    const [status] = (await once(demo, 'close')) as [number | null];
    expect(status).to.equal(130);
    expect(out).to.match(/stopped after [\d,]+ flights/);
    expect(out).to.include(AGREEMENT);
  });

  const refused: [what: string, args: string[], sentence: RegExp][] = [
    ['no flights', ['--flights', '0'], /'--flights <number>' argument '0' is invalid.* from 1 to 3000000/],
    ['text for flights', ['--flights', 'abc'], /'abc' is invalid.* whole number/],
    ['half a flight', ['--flights', '1.5'], /'1.5' is invalid/],
    ['too many flights', ['--flights', '3000001'], /'3000001' is invalid/],
    ['too many members', ['--members', '8'], /'--members <number>' argument '8' is invalid.* from 1 to 7/],
    ['an unknown option', ['--planes', '3'], /unknown option '--planes'/],
    ['an argument too many', ['now'], /too many arguments/],
    ['a file that cannot be', ['--json', join('no', 'such', 'folder', 'x')], /^air-traffic: .*no such file/],
  ];
  for (const [what, args, sentence] of refused) {
    it(`refuses ${what} at once`, () => {
      const { status, out, err } = runDemo(...args);
      expect(status).to.equal(1);
      expect(out).to.equal('');
      expect(err).to.match(sentence);
      expect(err).not.to.include('    at ');
    });
  }
});
