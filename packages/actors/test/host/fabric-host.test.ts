/** Where a fabric is to be reached, of given interfaces and names: one row per rule and per trap. */
import { isIP } from 'node:net';
import { expect } from 'chai';
import {
  chooseFabricHost,
  findFabricHost,
  hostsOf,
  type Interfaces,
  type MemberPlace,
} from '../../src/host/fabric-host.js';
import { thrown } from '../definition/thrown.js';

const LOOPBACK = [
  { address: '127.0.0.1', internal: true },
  { address: '::1', internal: true },
];
const INTERFACES: Interfaces = {
  lo: LOOPBACK,
  eth0: [
    { address: 'fe80::1', internal: false },
    { address: '169.254.3.4', internal: false },
    { address: '10.0.0.1', internal: false },
    { address: 'fd00::1', internal: false },
  ],
  ib0: [{ address: '10.77.0.1', internal: false }],
};
const NAMES: Readonly<Record<string, readonly string[]>> = {
  localhost: ['::1', '127.0.0.1'],
  n1: ['10.77.0.1'],
  n2: ['10.0.0.2'],
  // As Debian has it in /etc/hosts.
  'this-machine': ['127.0.1.1'],
  both: ['fd00::1', '10.0.0.1'],
  link: ['fe80::1'],
};

const place = (listen: string, seeds: readonly string[] = [], mySeed?: string): MemberPlace => ({
  listen,
  seeds,
  mySeed,
});

function choose(where: MemberPlace, interfaces = INTERFACES): { address: string; why: string } {
  const addressesOf = (host: string): readonly string[] => (isIP(host) > 0 ? [host] : (NAMES[host] ?? []));
  const known = new Map(hostsOf(where).map(host => [host, addressesOf(host)]));
  return chooseFabricHost(where, interfaces, known);
}

describe('the host of a fabric', () => {
  const chosen: [what: string, where: MemberPlace, address: string, why: RegExp][] = [
    ['where it listens', place('10.0.0.1:7400'), '10.0.0.1', /^where it listens \(10.0.0.1:7400\)$/],
    ['an IPv6 address, without its brackets', place('[FD00:0::1]:7400'), 'FD00:0::1', /listens/],
    ['a link-local address that is asked for', place('[fe80::1%eth0]:7400'), 'fe80::1%eth0', /listens/],
    ['a name of this machine', place('n1:7400'), '10.77.0.1', /listens/],
    ['any loopback address', place('127.0.0.9:7400'), '127.0.0.9', /listens/],
    ['localhost', place('localhost:7400'), '::1', /listens/],
    [
      'of a wildcard the own seed',
      place('0.0.0.0:7400', ['n2:7400', 'n1:7400']),
      '10.77.0.1',
      /^the host of its seed n1:7400$/,
    ],
    [
      'the seed that is advertised, and no other',
      place('0.0.0.0:7400', ['10.0.0.1:7400', 'n1:7401'], 'n1:7401'),
      '10.77.0.1',
      /n1:7401/,
    ],
    ['no seed of another port', place('0.0.0.0:7400', ['n1:7401']), '10.0.0.1', /first address .* \(eth0\)/],
    ['no seed that is elsewhere', place('0.0.0.0:7400', ['n2:7400']), '10.0.0.1', /first address/],
    ['no name that is unknown', place('0.0.0.0:7400', ['nowhere:7400']), '10.0.0.1', /first address/],
    [
      'not what only this machine makes of its name',
      place('0.0.0.0:7400', ['this-machine:7400', 'n2:7400']),
      '10.0.0.1',
      /first address/,
    ],
    ['loopback where the seeds are', place('0.0.0.0:7400', ['127.0.0.1:7400']), '127.0.0.1', /its seed/],
    ['IPv4 of both', place('0.0.0.0:7400', ['both:7400']), '10.0.0.1', /its seed/],
    ['IPv6 of both where it listens to that', place('[::]:7400', ['both:7400']), 'fd00::1', /its seed/],
    ['the first IPv6 address', place('[::]:7400', ['n2:7400']), 'fd00::1', /first address/],
    ['nothing link-local of its own will', place('[::]:7400', ['link:7400']), 'fd00::1', /first address/],
  ];
  for (const [what, where, address, why] of chosen) {
    it(`is ${what}`, () => {
      const host = choose(where);
      expect(host.address).to.equal(address);
      expect(host.why).to.match(why);
    });
  }

  it('is IPv4 where there is nothing else, and loopback where there is nothing', () => {
    expect(choose(place('[::]:7400'), { lo: LOOPBACK, ib0: INTERFACES['ib0'] }).address).to.equal(
      '10.77.0.1',
    );
    expect(choose(place('[::]:7400'), { lo: LOOPBACK }).address).to.equal('::1');
    expect(choose(place('0.0.0.0:7400'), {}).address).to.equal('127.0.0.1');
  });

  const refused: [what: string, listen: string, words: RegExp][] = [
    [
      'another machine',
      '10.0.0.2:7400',
      /at '10.0.0.2:7400': this machine has no such address; name one of 127/,
    ],
    [
      "another machine's name",
      'n2:7400',
      /: the name means 10.0.0.2, which is not this machine; name one of/,
    ],
    [
      'a name that nobody knows',
      'nowhere:7400',
      /: the name cannot be resolved; .* 10.77.0.1, or 0.0.0.0 for all/,
    ],
  ];
  for (const [what, listen, words] of refused) {
    it(`is never that of ${what}`, () => {
      const error = thrown(() => choose(place(listen)));
      expect(error.code).to.equal('CONFIG_INVALID');
      expect(error.message).to.match(words);
    });
  }

  it('is found by the interfaces and names of this machine', async () => {
    const mine = ['127.0.0.1', '::1'];
    expect((await findFabricHost(place('localhost:7400'))).address).to.be.oneOf(mine);
    expect((await findFabricHost(place('0.0.0.0:7400', ['127.0.0.1:7400']))).address).to.equal('127.0.0.1');
  });
});
