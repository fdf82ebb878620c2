/** `bowecho layout` as a person runs it, on programs that are written for it: what it prints, and what it refuses. */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { forecast } from '../../../src/cli/layout/forecast.js';
import { Command, type CommandEnd } from '../command.js';
import { Programs } from '../programs.js';

const ACTORS = fileURLToPath(new URL('../../../src/index.js', import.meta.url));

const HEAD = `import { createCluster, defineActor } from ${JSON.stringify(ACTORS)};
const of = (name, options) => defineActor({ name, state: () => ({}), commands: { run() {} }, ...options });
`;
const BANK = `of('bank', { replicas: { min: 2, max: 2 }, shards: 4, senders: 1 })`;
const LOG = `of('log', {})`;

describe('bowecho layout', () => {
  const programs = new Programs();
  const run = (args: readonly string[]): Promise<CommandEnd> => new Command(['layout', ...args]).ended;
  const program = (name: string, actors: string): string =>
    programs.add(
      name,
      `${HEAD}await createCluster({ actors: [${actors}] });\nconsole.log('never');\nsetInterval(() => {}, 1000);`,
    );
  let app: string;
  before(() => (app = program('app.mjs', `${BANK}, ${LOG}`)));
  after(() => programs.remove());

  it('shows who would hold what, and who sends', async () => {
    const { status, out, err } = await run([app, '--nodes', '4']);
    expect([status, err]).to.deep.equal([0, '']);
    expect(out).to.equal(`Members: n1, n2, n3, n4

type  shards  replicas                     senders
bank  0-1     n1, n2 (2 of 2, at least 2)  n1
bank  2-3     n3, n4 (2 of 2, at least 2)  n3
log   0       n1, n2, n3 (3 of 3)          all
`);
  });

  it('shows what stays where some are lost, or why nothing goes on', async () => {
    const small = program('small.mjs', LOG);
    const { status, out } = await run([small, '--without', 'n2']);
    expect(status).to.equal(0);
    expect(out).to.equal(`Members: n1, n2, n3

type  shards  replicas             senders
log   0       n1, n2, n3 (3 of 3)  all

Without n2:

type  shards  replicas         senders
log   0       n1, n3 (2 of 3)  all
`);
    const short = await run([app, '--nodes', '4', '--without', 'n2']);
    expect(short.status).to.equal(1);
    expect(short.out).to.match(
      /\n\nWithout n2 the group stands still:\n {2}bank shards 0, 1: 1 of at least 2 replicas is left\n$/,
    );
    const few = await run([small, '--without', 'n2,n3']);
    expect(few.status).to.equal(1);
    expect(few.out).to.include('  more than half of the 3 members must go on, and 1 would be left\n');
  });

  it('says why no group could be founded', async () => {
    const file = program('reserved.mjs', `of('own', { nodes: ['n1', 'n2', 'n3'] }), ${LOG}`);
    const { status, out } = await run([file]);
    expect(status).to.equal(1);
    expect(out).to.equal(`No group of n1, n2, n3 could be founded:
  log shard 0 has 0 of at least 1 replicas (0 of 3 members are not reserved for others)
`);
  });

  it('gives the same as JSON', async () => {
    const { status, out } = await run([app, '--nodes', 'a,b,c,d,e', '--without', 'e', '--json']);
    const specs = [
      { name: 'bank', minReplicas: 2, maxReplicas: 2, shards: 4, senders: 1, mode: 'ordered' },
      { name: 'log', minReplicas: 1, maxReplicas: 3, shards: 1, senders: 'all', mode: 'ordered' },
    ] as const;
    const expected = forecast(specs, ['a', 'b', 'c', 'd', 'e'], ['e']);
    expect(JSON.parse(out)).to.deep.equal(JSON.parse(JSON.stringify(expected)));
    expect(expected.missing).to.have.lengthOf(1);
    expect(status).to.equal(1);
  });

  it('learns the actors of a program that goes on for a while before it makes its cluster', async () => {
    const late = programs.add(
      'late.mjs',
      `${HEAD}setTimeout(() => void createCluster({ actors: [${LOG}] }), 20);`,
    );
    const { status, out } = await run([late, '--nodes', '1']);
    expect([status, out]).to.deep.equal([
      0,
      'Members: n1\n\ntype  shards  replicas     senders\nlog   0       n1 (1 of 3)  all\n',
    ]);
  });

  const refused: readonly (readonly [what: string, args: () => readonly string[], sentence: RegExp])[] = [
    ['a file that there is not', () => ['none.mjs'], /^bowecho layout: there is no file 'none.mjs'/],
    [
      'a stranger that is lost',
      () => [app, '--without', 'n9'],
      /--without names 'n9', which is none of the members/,
    ],
    ['no members', () => [app, '--nodes', '0'], /It must be ids, or a number from 1 to 64/],
    ['an id twice', () => [app, '--nodes', 'a,a'], /An id is there twice/],
    ['a bad id', () => [app, '--nodes', 'a b'], /Each id must be 1 to 64 of the characters/],
    [
      'a program without a cluster',
      () => [programs.add('empty.mjs', 'export {};')],
      /empty.mjs' has not called createCluster\(\)\n$/,
    ],
    [
      'a program that throws',
      () => [programs.add('throws.mjs', "throw new Error('no idea');")],
      /throws before it has called createCluster\(\): Error: no idea\n$/,
    ],
  ];
  for (const [what, args, sentence] of refused) {
    it(`refuses ${what}`, async () => {
      const { status, out, err } = await run(args());
      expect([status, out]).to.deep.equal([1, '']);
      expect(err).to.match(sentence);
    });
  }
});
