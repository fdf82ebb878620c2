/** What `bowecho doctor` prints, of machines that are not this one: whole texts, and never a line that is too wide. */
import { expect } from 'chai';
import {
  adviceLines,
  fabricLines,
  machineLines,
  probeHead,
  probeLines,
  verdictLines,
} from '../../../src/cli/doctor/report.js';
import { WIDTH } from '../../../src/cli/hanging-lines.js';
import type { Finding, ProbeResult, Survey } from '../../../src/cli/doctor/rdma-package.js';

const MACHINE = { version: '0.1.0', node: '20.20.2', system: 'Linux 6.1.0 x64', cores: 16 };
const ADDON_MISSING = {
  reason:
    'the native addon is not built: g++ was not found. The whole log is in /app/node_modules/@bowecho/rdma/build/failure.txt; ' +
    '`npm rebuild @bowecho/rdma` tries again',
};
const ALL = [
  'auto',
  'shared-memory',
  'libfabric',
  'libfabric-verbs',
  'libfabric-efa',
  'libfabric-tcp',
  'libfabric-shm',
];

/** A card whose port is down, and little memory to lock. */
const DOWN: Survey = {
  host: '10.0.0.1',
  addon: { isLoaded: true },
  libfabric: { version: '1.17' },
  providers: [
    { provider: 'tcp;ofi_rxm', domain: 'eth0', address: '10.0.0.1' },
    { provider: 'tcp;ofi_rxm', domain: 'eth0', address: 'fd00::1' },
    { provider: 'tcp;ofi_rxm', domain: 'lo', address: '127.0.0.1' },
    { provider: 'shm', domain: 'shm', address: '' },
  ],
  ports: [
    {
      device: 'mlx5_0',
      port: '1',
      state: 'DOWN',
      link: 'InfiniBand',
      rate: '100 Gb/sec (4X EDR)',
      interface: 'ib0',
    },
    { device: 'rxe0', port: '1', state: 'ACTIVE', link: 'Ethernet', rate: '2.5 Gb/sec (1X DDR)' },
  ],
  limits: { memlockBytes: 8 << 20, openFiles: 1024, fileBytes: Infinity, addressBytes: 3 * 2 ** 30 },
  fabrics: [
    { name: 'auto', choice: 'shared memory to members on this machine, libfabric by tcp to others' },
    { name: 'shared-memory' },
    { name: 'libfabric', choice: 'by tcp; 10.0.0.1 has no verbs and no efa' },
    {
      name: 'libfabric-verbs',
      reason:
        'libfabric has no verbs;ofi_rxm at the address 10.0.0.1; it has verbs;ofi_rxm at 10.77.0.1 (rxe0)',
    },
    { name: 'libfabric-tcp' },
  ],
  advice: [
    'Port 1 of mlx5_0 is DOWN: look at its cable, its switch and its interface ib0.',
    'This process may hold 8388608 bytes in place for network cards, and on verbs and efa all tables and rings are: `ulimit -l unlimited`.',
  ],
};

const PROBES: readonly (readonly [name: string, outcome: Finding<ProbeResult>])[] = [
  ['shared-memory', { roundTripMicros: { p50: 0.4311, p99: 1.17 }, bytesPerSecond: 39.4e9, notes: [] }],
  ['libfabric-tcp', { roundTripMicros: { p50: 14.44, p99: 3183.2 }, bytesPerSecond: 995e6, notes: [] }],
  ['libfabric-verbs', { roundTripMicros: { p50: 123.4, p99: 99_940 }, bytesPerSecond: 1.25e6, notes: [] }],
  [
    'libfabric-shm',
    { reason: "the probe of fabric 'libfabric-shm' ended: one of its processes was ended by SIGSEGV" },
  ],
];

/** A whole report, as the command prints it. */
function reportOf(survey: Survey, probes: typeof PROBES, isUsable: boolean): string {
  const lines = [
    ...machineLines(MACHINE, { host: survey.host, why: undefined }, survey),
    ...fabricLines(survey),
    ...(probes.length === 0 ? [] : probeHead()),
    ...probes.flatMap(([name, outcome]) => probeLines(name, outcome)),
    ...adviceLines(survey.advice),
    ...verdictLines(isUsable, undefined),
  ];
  expect(lines.filter(line => line.length > WIDTH || line !== line.trimEnd())).to.deep.equal([]);
  return `\n${lines.join('\n')}\n`;
}

describe('the report of bowecho doctor', () => {
  it('tells a machine with a card that is down', () => {
    expect(reportOf(DOWN, PROBES, true)).to.equal(`
bowecho 0.1.0, Node 20.20.2, Linux 6.1.0 x64, 16 cores

address     10.0.0.1
addon       loaded
libfabric   1.17
providers   tcp;ofi_rxm  eth0  10.0.0.1  fd00::1
            tcp;ofi_rxm  lo    127.0.0.1
            shm          shm
RDMA ports  mlx5_0/1 DOWN, InfiniBand, 100 Gb/sec (4X EDR), interface ib0
            rxe0/1 ACTIVE, Ethernet, 2.5 Gb/sec (1X DDR)
limits      locked memory 8 MiB (ulimit -l), open files 1024 (-n), address space 3 GiB (-v)

Fabrics at 10.0.0.1
  auto             usable  shared memory to members on this machine, libfabric by tcp to others
  shared-memory    usable
  libfabric        usable  by tcp; 10.0.0.1 has no verbs and no efa
  libfabric-verbs  no      libfabric has no verbs;ofi_rxm at the address 10.0.0.1; it has
                           verbs;ofi_rxm at 10.77.0.1 (rxe0)
  libfabric-tcp    usable

Tried between two processes of this machine: 8 bytes there and back, blocks of 1 MiB one way
  shared-memory    works   p50   0.4 us  p99   1.2 us    39.4 GB/s
  libfabric-tcp    works   p50  14.4 us  p99   3.2 ms     995 MB/s
  libfabric-verbs  works   p50   123 us  p99  99.9 ms       1 MB/s
  libfabric-shm    failed  the probe of fabric 'libfabric-shm' ended: one of its processes was ended
                           by SIGSEGV

To get more
  - Port 1 of mlx5_0 is DOWN: look at its cable, its switch and its interface ib0.
  - This process may hold 8388608 bytes in place for network cards, and on verbs and efa all tables
    and rings are: \`ulimit -l unlimited\`.
`);
  });

  it('says once that libfabric is missing', () => {
    const libfabric = {
      reason:
        'libfabric cannot be used: no such file; install libfabric1 (Debian, Ubuntu) or libfabric (Fedora, RHEL)',
    };
    const survey: Survey = {
      ...DOWN,
      host: '127.0.0.1',
      libfabric,
      providers: [],
      ports: [],
      limits: undefined,
      fabrics: ALL.map(name => (name.startsWith('libfabric') ? { name, ...libfabric } : { name })),
      advice: [],
    };
    expect(reportOf(survey, [], true)).to.equal(`
bowecho 0.1.0, Node 20.20.2, Linux 6.1.0 x64, 16 cores

address     127.0.0.1
addon       loaded
libfabric   libfabric cannot be used: no such file; install libfabric1 (Debian, Ubuntu) or libfabric
            (Fedora, RHEL)
providers   none that can be used
RDMA ports  none
limits      the system does not say

Fabrics at 127.0.0.1
  auto             usable
  shared-memory    usable
  libfabric        no      needs libfabric
  libfabric-verbs  no      needs libfabric
  libfabric-efa    no      needs libfabric
  libfabric-tcp    no      needs libfabric
  libfabric-shm    no      needs libfabric
`);
  });

  it('says once that the addon is missing', () => {
    const survey: Survey = {
      ...DOWN,
      addon: ADDON_MISSING,
      libfabric: ADDON_MISSING,
      providers: [],
      ports: [],
      limits: { memlockBytes: Infinity, openFiles: Infinity, fileBytes: 512, addressBytes: Infinity },
      fabrics: ALL.map(name => ({ name, reason: `${ADDON_MISSING.reason}; and more of that` })),
      advice: [],
    };
    expect(reportOf(survey, [], false)).to.equal(`
bowecho 0.1.0, Node 20.20.2, Linux 6.1.0 x64, 16 cores

address     10.0.0.1
addon       the native addon is not built: g++ was not found. The whole log is in
            /app/node_modules/@bowecho/rdma/build/failure.txt; \`npm rebuild @bowecho/rdma\` tries
            again
libfabric   needs the addon
providers   none that can be used
RDMA ports  none
limits      locked memory unlimited (ulimit -l), open files unlimited (-n), file size 512 bytes (-f)

Fabrics at 10.0.0.1
${ALL.map(name => `  ${name.padEnd(17)}no      needs the addon`).join('\n')}

No fabric between processes can be used here; members can live in one process (in-process).
`);
  });

  it('says that the package is missing, and why that address', () => {
    const place = { host: '10.0.0.1', why: 'eth0, the first address that leads out of this machine' };
    const reason =
      "the package @bowecho/rdma cannot be loaded (Cannot find package '@bowecho/rdma'); `npm install @bowecho/rdma` brings it";
    expect(machineLines({ ...MACHINE, cores: 1 }, place, { reason }).join('\n')).to.equal(
      `bowecho 0.1.0, Node 20.20.2, Linux 6.1.0 x64, 1 core

address     10.0.0.1 (eth0, the first address that leads out of this machine; --host names another)
package     the package @bowecho/rdma cannot be loaded (Cannot find package '@bowecho/rdma'); \`npm
            install @bowecho/rdma\` brings it`,
    );
  });

  it('names what was asked about where that cannot be used', () => {
    expect(verdictLines(false, ['libfabric-verbs', 'libfabric-efa'])).to.deep.equal([
      '',
      'Cannot be used here: libfabric-verbs, libfabric-efa.',
    ]);
  });

  it('does not break a word that is wider than its place', () => {
    const word = 'x'.repeat(2 * WIDTH);
    expect(probeLines('auto', { reason: `before ${word} after` })).to.deep.equal([
      '  auto             failed  before',
      `${' '.repeat(27)}${word}`,
      `${' '.repeat(27)}after`,
    ]);
  });
});
