/**
 * Goal: a wrong configuration is one error that lists everything that is wrong, with the value and what is allowed.
 * Method: one change at a time to a good configuration, and one configuration with everything wrong.
 */
import { expect } from 'chai';
import { pino } from 'pino';
import { DEFAULTS, resolveConfig } from '../../src/config/index.js';
import type { ClusterConfig } from '../../src/config/index.js';
import { defineActor } from '../../src/definition/index.js';
import { thrown } from '../definition/thrown.js';

const Counter = defineActor({
  name: 'counter',
  state: () => ({ n: 0 }),
  commands: { add: state => ++state.n },
});
const Another = defineActor({
  name: 'another',
  state: () => ({ n: 0 }),
  commands: { add: state => ++state.n },
});
const Namesake = defineActor({
  name: 'counter',
  state: () => ({ n: 0 }),
  commands: { sub: state => --state.n },
});
const Broken = defineActor({ name: 'broken', shards: 0, state: () => ({ n: 0 }) });
class Undecorated {}

const GOOD: ClusterConfig = {
  id: 'n1',
  seeds: ['n1', 'n2', 'n3'],
  fabric: 'in-process',
  actors: [Counter],
  log: false,
};

const problemsOf = (change: object): readonly string[] => {
  const error = thrown(() => resolveConfig({ ...GOOD, ...change }));
  expect(error.code).to.equal('CONFIG_INVALID');
  return error.problems;
};

describe('cluster configuration', () => {
  it('is filled up with the defaults', () => {
    const resolved = resolveConfig({ ...GOOD, actors: [Counter, Another] });
    const { ringBytes, queueBytes, bootstrapTimeout, callTimeout } = DEFAULTS;
    expect(resolved).to.include({ id: 'n1', listen: 'n1', fabric: 'in-process' });
    expect(resolved).to.include({ ringBytes, queueBytes, bootstrapTimeout, callTimeout });
    expect(resolved.seeds).to.deep.equal(GOOD.seeds);
    expect(resolved.actors.map(actor => actor.name)).to.deep.equal(['another', 'counter']);
    expect(resolved).to.be.frozen;
  });

  it('takes pino, the console and silence for a log', () => {
    const logger = pino({ level: 'silent' });
    expect(resolveConfig({ ...GOOD, log: logger }).log).to.equal(logger);
    expect(resolveConfig({ ...GOOD, log: console }).log).to.equal(console);
    resolveConfig(GOOD).log.error({ a: 1 }, 'nobody hears this');
  });

  const cases: [string, object, string][] = [
    [
      'an id with a slash',
      { id: 'a/b', listen: 'n1' },
      'id must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, but is the text "a/b"',
    ],
    ['an id of 65 characters', { id: 'x'.repeat(65), listen: 'n1' }, 'id must be 1 to 64'],
    ['no seeds', { seeds: [] }, 'seeds must be a list of 1 to 64 addresses, but has 0'],
    [
      'a text of seeds',
      { seeds: 'n1,n2' },
      'seeds must be a list of 1 to 64 addresses, but is the text "n1,n2"',
    ],
    ['a repeated seed', { seeds: ['n1', 'n2', 'n1'] }, 'seeds[2] repeats seeds[0], the text "n1"'],
    [
      'a seed with a space',
      { seeds: ['n1', 'n 2'] },
      'seeds[1] must be an address of 1 to 255 characters without spaces',
    ],
    [
      'a stranger',
      { listen: 'n9' },
      'listen is the text "n9", which is not among the seeds n1, n2, n3: in this version every member is a founder; joining a running group comes later',
    ],
    [
      'an id that is no seed',
      { id: 'n9' },
      'listen (by default the id) is the text "n9", which is not among the seeds',
    ],
    ['a number to listen at', { listen: 7400 }, 'listen must be an address'],
    [
      'a fabric of later',
      { fabric: 'libfabric' },
      "fabric 'libfabric' (RDMA between machines) is not available yet; this version has 'in-process'",
    ],
    [
      'the automatic fabric',
      { fabric: 'auto' },
      "fabric 'auto' (the fastest fabric that the machine has) is not available yet",
    ],
    ['an unknown fabric', { fabric: 'tcp' }, `fabric must be the name of a fabric, but is the text "tcp"`],
    ['no actors', { actors: [] }, 'actors must be a list of actor classes, but is empty'],
    [
      'an actor alone',
      { actors: Counter },
      'actors must be a list of actor classes, but is the function or class counter',
    ],
    [
      'an undecorated class',
      { actors: [Undecorated] },
      'actors[0] (class Undecorated): class Undecorated is not an actor',
    ],
    ['a number for an actor', { actors: [5] }, 'actors[0]: an actor is a class, but this is the number 5'],
    [
      'two actors of one name',
      { actors: [Counter, Namesake] },
      "actors[1] (class counter) has the name of class counter: 'counter'",
    ],
    ['an actor twice', { actors: [Counter, Counter] }, "actors[1] is listed twice: 'counter'"],
    [
      'a log without warn',
      { log: { info: () => undefined } },
      "log must be false or a logger like pino's, but a plain object has no trace, debug, warn, error",
    ],
    [
      'a small ring',
      { ringBytes: 2048 },
      'ringBytes must be a whole number from 4096 to 1073741824 bytes, but is the number 2048',
    ],
    ['a large ring', { ringBytes: 2 ** 31 }, 'ringBytes must be a whole number from 4096'],
    ['an odd ring', { ringBytes: 5000 }, 'ringBytes must be a power of two, but is the number 5000'],
    ['no patience', { bootstrapTimeout: 0 }, 'bootstrapTimeout must be a whole number from 1 to 86400000 ms'],
    ['a textual timeout', { callTimeout: '5s' }, 'callTimeout must be a whole number'],
    ['a small queue', { queueBytes: 1 }, 'queueBytes must be a whole number from 4096'],
    [
      'a misspelt option',
      { ringbytes: 4096 },
      "the configuration has no option 'ringbytes': did you mean 'ringBytes'?",
    ],
    [
      'an unknown option',
      { dataDir: '.' },
      "the configuration has no option 'dataDir': known are id, listen",
    ],
  ];
  for (const [what, change, sentence] of cases) {
    it(`refuses ${what}`, () => {
      const problems = problemsOf(change);
      expect(problems, problems.join('\n')).to.have.lengthOf(1);
      expect(problems[0]).to.include(sentence);
    });
  }

  it('lists everything that is wrong, the problems of actors too', () => {
    const problems = problemsOf({
      id: '',
      listen: 'n1',
      seeds: ['n1', 'n1'],
      fabric: 'auto',
      actors: [Undecorated, Broken],
      ringBytes: 5000,
      callTimeout: -1,
      cats: 2,
    });
    const starts = [
      'the configuration has no',
      'id',
      'seeds[1]',
      'fabric',
      'actors[0]',
      'actors[1]',
      'ringBytes',
      'callTimeout',
    ];
    expect(problems.map((problem, i) => problem.startsWith(starts[i]!))).to.deep.equal(
      starts.map(() => true),
    );
  });

  for (const input of [undefined, null, 5, 'n1', []]) {
    it(`refuses ${JSON.stringify(input)} instead of an object`, () => {
      const error = thrown(() => resolveConfig(input as unknown as ClusterConfig));
      expect(error.code).to.equal('CONFIG_INVALID');
      expect(error.message).to.include('it must be an object like { id, seeds, fabric, actors }');
    });
  }
});
