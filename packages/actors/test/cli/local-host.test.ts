/** Which address of a machine members listen at, of given interfaces: one row per rule. */
import { expect } from 'chai';
import { hostProblem, outwardHost } from '../../src/cli/local/local-host.js';
import type { Interfaces } from '../../src/host/fabric-host.js';

const LOOPBACK = [
  { address: '127.0.0.1', internal: true },
  { address: '::1', internal: true },
];
const INTERFACES: Interfaces = {
  lo: LOOPBACK,
  eth0: [
    { address: 'fe80::1', internal: false },
    { address: 'fd00::1', internal: false },
    { address: '10.0.0.1', internal: false },
  ],
  ib0: [{ address: '10.77.0.1', internal: false }],
};
const HAS = '; it has 127.0.0.1, ::1, fd00::1, 10.0.0.1, 10.77.0.1';

describe('the host of a local run', () => {
  for (const host of ['127.0.0.1', '127.0.0.7', '::1', '10.0.0.1', '10.77.0.1', 'fd00::1', 'FD00:0::1']) {
    it(`can be ${host}`, () => {
      expect(hostProblem('--host', host, INTERFACES)).to.equal(undefined);
    });
  }

  for (const [host, why] of [
    ['10.0.0.2', '10.0.0.2 is none'],
    ['0.0.0.0', '0.0.0.0 stands for all of them'],
    ['::', ':: stands for all of them'],
    ['0:0::0', '0:0::0 stands for all of them'],
    ['fe80::1', 'fe80::1 means something on one link only'],
    ['fe80::1%eth0', 'fe80::1%eth0 means something on one link only'],
    ['localhost', 'is the text "localhost"'],
    ['10.0.0.1:7400', 'is the text "10.0.0.1:7400"'],
    ['', 'is the text ""'],
    [7400, 'is the number 7400'],
  ] as const) {
    it(`cannot be ${host}`, () => {
      const problem = hostProblem('--host', host, INTERFACES);
      expect(problem).to.equal(`--host must be an IP address of this machine, but ${why}${HAS}`);
    });
  }

  it('is, where a way out is wanted, the first that leads out, IPv4 before IPv6', () => {
    const why = 'eth0, the first address that leads out of this machine';
    expect(outwardHost(INTERFACES)).to.deep.equal({ address: '10.0.0.1', why });
    const why6 = 'ib0, the first address that leads out of this machine';
    const ib0 = [{ address: 'fd00::77', internal: false }];
    expect(outwardHost({ lo: LOOPBACK, ib0 })).to.deep.equal({ address: 'fd00::77', why: why6 });
  });

  it('is loopback where none leads out', () => {
    const why = 'loopback, for no address leads out of this machine';
    expect(outwardHost({ lo: LOOPBACK })).to.deep.equal({ address: '127.0.0.1', why });
    expect(outwardHost({})).to.deep.equal({ address: '127.0.0.1', why });
  });
});
