/** Goal: whoever lacks something is told what to do about that, and nobody else is told anything. */
import { expect } from 'chai';
import { advise } from '../../src/doctor/advice.js';
import type { FabricFacts } from '../../src/doctor/survey.js';
import { CARD, EFA_ADAPTER, GOOD, NO_LIMITS, ONLY_TCP, VERBS } from './facts.js';

const INSTALL_DRIVERS =
  'install the drivers of user space (ibverbs-providers on Debian and Ubuntu, libibverbs on Fedora and RHEL), ' +
  'and give its network interface an IP address.';
const LOCK_MORE =
  'bytes in place for network cards, and on verbs and efa all tables and rings are: `ulimit -l unlimited` ' +
  '(LimitMEMLOCK=infinity of a service, --ulimit memlock=-1 of a container).';

const CASES: readonly (readonly [what: string, facts: FabricFacts, advice: readonly string[]])[] = [
  ['all is well', GOOD, []],
  ['the addon is missing, whose reason says it', { ...GOOD, addon: { reason: 'not built' } }, []],
  [
    'libfabric is missing, whose reason says it',
    { ...GOOD, libfabric: { reason: 'none' }, providers: [] },
    [],
  ],
  [
    'there is no device',
    ONLY_TCP,
    [
      'There is no RDMA device, so members on several machines talk by TCP. verbs is tried without one by soft-RoCE: ' +
        '`modprobe rdma_rxe`, then `rdma link add rxe0 type rxe netdev eth0` (iproute2).',
    ],
  ],
  [
    'the port is down',
    { ...ONLY_TCP, ports: [{ ...CARD, state: 'DOWN' }] },
    ['Port 1 of mlx5_0 is DOWN: look at its cable, its switch and its interface ib0.'],
  ],
  [
    'one of two ports is down',
    { ...GOOD, ports: [CARD, { ...CARD, port: '2', state: 'INIT' }] },
    ['Port 2 of mlx5_0 is INIT: look at its cable, its switch and its interface ib0.'],
  ],
  [
    'a container has not the files of a device',
    {
      ...ONLY_TCP,
      ports: [
        { ...CARD, problem: 'the file is missing' },
        { ...CARD, port: '2', problem: 'the file is missing' },
      ],
    },
    ['mlx5_0 cannot be used: the file is missing.'],
  ],
  [
    'drivers of user space are missing',
    { ...ONLY_TCP, ports: [CARD] },
    [`libfabric does not see mlx5_0: ${INSTALL_DRIVERS}`],
  ],
  [
    'libfabric has no efa',
    { ...ONLY_TCP, ports: [EFA_ADAPTER] },
    [
      'libfabric does not see efa_0: install the drivers of user space (ibverbs-providers on Debian and Ubuntu), ' +
        "and a libfabric with the provider efa (AWS's EFA installer has one).",
    ],
  ],
  [
    'an efa has no address of the internet',
    { ...ONLY_TCP, ports: [EFA_ADAPTER], providers: [{ provider: 'efa', domain: 'efa_0', address: '' }] },
    [],
  ],
  [
    'RDMA is at another address',
    { ...GOOD, host: '10.0.0.1', providers: [VERBS, { ...VERBS, address: 'fd00::77' }] },
    [
      'RDMA is at 10.77.0.1 (mlx5_0), fd00::77 (mlx5_0) and not at 10.0.0.1: let members listen there, and look at it with ' +
        '`bowecho doctor --host 10.77.0.1`.',
    ],
  ],
  [
    'little memory may be locked',
    { ...GOOD, limits: { ...NO_LIMITS, memlockBytes: 8 << 20 } },
    [`This process may hold 8388608 ${LOCK_MORE}`],
  ],
  [
    'nothing needs locked memory',
    { ...ONLY_TCP, libfabric: { reason: 'none' }, limits: { ...NO_LIMITS, memlockBytes: 0 } },
    [],
  ],
  [
    'other limits are low',
    { ...GOOD, limits: { ...NO_LIMITS, openFiles: 256, fileBytes: 1 << 20, addressBytes: 2 ** 31 } },
    [
      'This process may open 256 files: `ulimit -n 4096` is plenty.',
      'Files are limited to 1048576 bytes, and shared memory counts as one: `ulimit -f unlimited`.',
      'The address space is limited to 2147483648 bytes: `ulimit -v unlimited`.',
    ],
  ],
  ['the system does not say its limits', { ...GOOD, limits: undefined }, []],
];

describe('advice on what a machine lacks', () => {
  for (const [what, facts, advice] of CASES) {
    it(`where ${what}`, () => {
      expect(advise(facts)).to.deep.equal(advice);
    });
  }
});
