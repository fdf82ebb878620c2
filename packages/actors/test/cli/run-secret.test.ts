/** When the members of a local run are given a secret. */
import { expect } from 'chai';
import { secretFor } from '../../src/cli/local/run-secret.js';

describe('the secret of a local run', () => {
  it('is made beyond loopback, anew each time', () => {
    const [first, second] = [secretFor('10.0.0.1', {}), secretFor('10.0.0.1', { BOWECHO_SECRET: '' })];
    for (const { BOWECHO_SECRET } of [first, second]) expect(BOWECHO_SECRET).to.match(/^[0-9a-f]{64}$/);
    expect(first).not.to.deep.equal(second);
  });

  for (const host of ['127.0.0.1', '::1']) {
    it(`is not needed at ${host}`, () => {
      expect(secretFor(host, {})).to.deep.equal({});
    });
  }

  it('is that of the environment, if it has one', () => {
    expect(secretFor('10.0.0.1', { BOWECHO_SECRET: 'known to all members' })).to.deep.equal({});
  });
});
