/** Which fabric a local run gets, from an option and the environment, before anything has started. */
import { BowechoError } from '@bowecho/actors';
import { chooseFabric, fabricProblem } from '@bowecho/actors/local';
import { expect } from 'chai';

async function refusal(choice: Promise<unknown>): Promise<BowechoError> {
  const error: unknown = await choice.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(BowechoError);
  return error as BowechoError;
}

describe('the choice of a fabric for a local run', () => {
  it('is the option, over the environment', async () => {
    const environment = { BOWECHO_FABRIC: 'libfabric-verbs' };
    expect(await chooseFabric('in-process', environment)).to.deep.equal({ fabric: 'in-process' });
  });

  it('is the environment, where no option says it', async () => {
    const environment = { BOWECHO_FABRIC: 'in-process' };
    expect(await chooseFabric(undefined, environment)).to.deep.equal({ fabric: 'in-process' });
  });

  it('is auto where nobody says it, or one process, with the reason', async () => {
    const problem = await fabricProblem('auto');
    for (const environment of [{}, { BOWECHO_FABRIC: '' }, { BOWECHO_FABRIC: 'auto' }]) {
      const { fabric, why } = await chooseFabric(undefined, environment);
      if (problem === undefined) expect([fabric, why]).to.deep.equal(['auto', undefined]);
      else {
        expect(fabric).to.equal('in-process');
        expect(why).to.include(problem);
      }
    }
  });

  for (const [where, choice] of [
    ['--fabric', () => chooseFabric('libfabirc', {})],
    ['BOWECHO_FABRIC', () => chooseFabric(undefined, { BOWECHO_FABRIC: 'libfabirc' })],
  ] as const) {
    it(`refuses a name in ${where} that is none, with those that are`, async () => {
      const { code, message } = await refusal(choice());
      expect(code).to.equal('CONFIG_INVALID');
      expect(message)
        .to.match(new RegExp(`^${where} must be one of 'auto', 'in-process', `))
        .and.include(`but is the text "libfabirc"; did you mean 'libfabric'?`);
    });
  }

  it('refuses a host that is no address of this machine', async () => {
    const { code, message } = await refusal(chooseFabric('in-process', {}, '203.0.113.9'));
    expect(code).to.equal('CONFIG_INVALID');
    expect(message).to.match(
      /^--host must be an IP address of this machine, but 203\.0\.113\.9 is none; it has /,
    );
  });

  it('refuses a fabric that was asked for and cannot be used, with the reason and what to do', async function () {
    const problem = await fabricProblem('libfabric-efa');
    if (problem === undefined) this.skip(); // a machine that has one
    const { code, message } = await refusal(chooseFabric('libfabric-efa', {}));
    expect(code).to.equal('FABRIC_UNAVAILABLE');
    expect(message).to.equal(
      `the fabric 'libfabric-efa' cannot be used here: ${problem}; --host names an address beyond loopback; without --fabric the best that this machine has is taken`,
    );
  });
});
