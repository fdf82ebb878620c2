/** Goal: what `auto` and `libfabric` come to is said as it is, with the reason. */
import { expect } from 'chai';
import { choiceOf } from '../../src/doctor/choices.js';

const HOST = '10.0.0.1';
const NETWORKS = ['libfabric-verbs', 'libfabric-efa', 'libfabric-tcp', 'libfabric'];

/** Reasons of a machine that has these fabrics, and no others. */
function machineWith(...usable: string[]): Map<string, string | undefined> {
  const names = ['shared-memory', ...NETWORKS];
  return new Map(names.map(name => [name, usable.includes(name) ? undefined : `no ${name}`]));
}

const CASES: readonly (readonly [name: string, usable: readonly string[], host: string, choice: string])[] = [
  ['libfabric', NETWORKS, HOST, 'by verbs'],
  ['libfabric', ['libfabric-efa', 'libfabric-tcp'], HOST, 'by efa; 10.0.0.1 has no verbs'],
  ['libfabric', ['libfabric-tcp'], '127.0.0.1', 'by tcp; 127.0.0.1 has no verbs and no efa'],
  [
    'auto',
    ['shared-memory', ...NETWORKS],
    HOST,
    'shared memory to members on this machine, libfabric by verbs to others',
  ],
  [
    'auto',
    ['shared-memory', 'libfabric-tcp', 'libfabric'],
    '127.0.0.1',
    'shared memory: 127.0.0.1 is a loopback address, so all members are on this machine',
  ],
  [
    'auto',
    ['shared-memory'],
    HOST,
    'shared memory to members on this machine, and no others: libfabric cannot be used',
  ],
  [
    'auto',
    ['libfabric-tcp', 'libfabric'],
    HOST,
    'libfabric by tcp to all members: shared memory cannot be used',
  ],
];

describe('what a name comes to', () => {
  for (const [name, usable, host, choice] of CASES) {
    it(`${name} at ${host} with ${usable.join(', ')}`, () => {
      expect(choiceOf(name, machineWith(...usable), host)).to.equal(choice);
    });
  }

  it('is nothing to be said where the name says it', () => {
    expect(choiceOf('libfabric-tcp', machineWith(...NETWORKS), HOST)).to.equal(undefined);
  });
});
