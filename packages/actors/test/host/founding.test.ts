/** What founders compare. Fabrics go by their names: two that might turn out to be the same are not taken for it. */
import { Founding, type Greeting } from '@bowecho/actors';
import { expect } from 'chai';

function greeting(id: string, fabric: string): Greeting {
  return {
    identity: { id, incarnation: 1 },
    seeds: ['a:1', 'b:1'],
    fabric,
    ringBytes: 4096,
    suspicionTimeout: 2000,
    determinismGuard: true,
    fingerprints: new Map(),
    groupRuns: false,
  };
}

describe('founders', () => {
  const pairs: readonly (readonly [mine: string, theirs: string])[] = [
    ['auto', 'shared-memory'],
    ['auto', 'libfabric'],
    ['libfabric', 'libfabric-tcp'],
    ['libfabric-verbs', 'libfabric-tcp'],
  ];
  for (const [mine, theirs] of pairs) {
    it(`of the fabrics ${mine} and ${theirs} make no group, and say so`, () => {
      const founding = new Founding(greeting('n1', mine), []);
      const mismatch = founding.mismatchWith(greeting('n2', theirs));
      expect(mismatch?.code).to.equal('CONFIG_INVALID');
      expect(mismatch?.problems).to.deep.equal([`'n2' uses the fabric '${theirs}', this member '${mine}'`]);
      expect(founding.mismatchWith(greeting('n2', mine))).to.equal(undefined);
    });
  }

  it('of two suspicion times make no group: one would not be heard in time', () => {
    const founding = new Founding(greeting('n1', 'auto'), []);
    const mismatch = founding.mismatchWith({ ...greeting('n2', 'auto'), suspicionTimeout: 300 });
    expect(mismatch?.code).to.equal('CONFIG_INVALID');
    expect(mismatch?.problems.join()).to.match(/^'n2' has suspicionTimeout 300, this member 2000; /);
  });

  it('of whom one guards its handlers make no group: a handler would fail at that one alone', () => {
    const founding = new Founding(greeting('n1', 'auto'), []);
    const mismatch = founding.mismatchWith({ ...greeting('n2', 'auto'), determinismGuard: false });
    expect(mismatch?.code).to.equal('CONFIG_INVALID');
    expect(mismatch?.problems.join()).to.match(
      /^'n2' has determinismGuard false, this member true; .*NODE_ENV/,
    );
  });
});
