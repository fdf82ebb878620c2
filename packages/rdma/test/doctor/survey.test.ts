/** Goal: a survey says what createFabric would do, wherever it is asked, and never throws. */
import { availableFabrics, surveyFabrics, unavailableReason } from '@bowecho/rdma';
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSharedMemory } from '../describe-shared-memory.js';
import { runScript } from '../script.js';

const SAY_SURVEY = `
  const { surveyFabrics } = await import('@bowecho/rdma');
  say(surveyFabrics());`;

interface Said {
  readonly addon: { readonly reason?: string };
  readonly libfabric: { readonly reason?: string };
  readonly fabrics: readonly { readonly name: string; readonly reason?: string; readonly choice?: string }[];
}

describe('a survey of fabrics', () => {
  for (const host of ['127.0.0.1', '192.0.2.99', 'no address']) {
    it(`agrees with what can be made at ${host}`, () => {
      const { fabrics } = surveyFabrics({ host });
      const usable = fabrics.filter(({ reason }) => reason === undefined).map(({ name }) => name);
      expect(usable).to.deep.equal(availableFabrics({ host }));
      for (const { name, reason, choice } of fabrics) {
        expect(reason).to.equal(unavailableReason(name, { host }));
        const isOpen = name === 'auto' || name === 'libfabric';
        expect(choice === undefined).to.equal(!isOpen || reason !== undefined);
      }
    });
  }

  it('says why there is no addon', () => {
    const through = ['env', 'NODE_OPTIONS=--no-addons'];
    const { said, errors } = runScript(SAY_SURVEY, { through });
    expect(errors).to.equal('');
    const { addon, libfabric, fabrics } = said[0] as Said;
    expect(addon.reason).to.be.a('string');
    expect(libfabric.reason).to.equal(addon.reason);
    expect(fabrics.every(({ reason }) => reason !== undefined)).to.equal(true);
  });
});

describeSharedMemory('a survey of fabrics, without libfabric', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowecho-no-libfabric-'));
    writeFileSync(join(folder, 'libfabric.so.1'), 'no library');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('says why, and what auto is then', () => {
    const through = ['env', `LD_LIBRARY_PATH=${folder}`];
    const { said, errors } = runScript(SAY_SURVEY, { through });
    expect(errors).to.equal('');
    const { libfabric, fabrics } = said[0] as Said;
    expect(libfabric.reason).to.match(/libfabric/);
    expect(fabrics.find(({ name }) => name === 'libfabric-tcp')?.reason).to.equal(libfabric.reason);
    expect(fabrics.find(({ name }) => name === 'auto')?.choice).to.match(
      /^shared memory: 127\.0\.0\.1 is a loopback/,
    );
  });
});
