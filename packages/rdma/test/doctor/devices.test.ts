/** Goal: ports of RDMA devices are told as the kernel's files have them, whatever of them is missing. */
import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listRdmaPorts } from '../../src/doctor/devices.js';

/** As a ConnectX port on InfiniBand and a soft-RoCE device have them; of the latter the files of programs are missing. */
const FILES: Readonly<Record<string, string>> = {
  'sys/class/infiniband/mlx5_0/ports/1/state': '4: ACTIVE\n',
  'sys/class/infiniband/mlx5_0/ports/1/link_layer': 'InfiniBand\n',
  'sys/class/infiniband/mlx5_0/ports/1/rate': '100 Gb/sec (4X EDR)\n',
  'sys/class/infiniband/mlx5_0/ports/1/gid_attrs/ndevs/0': 'ib0\n',
  'sys/class/infiniband/rxe0/ports/1/state': '1: DOWN\n',
  'sys/class/infiniband/rxe0/ports/1/link_layer': 'Ethernet\n',
  'sys/class/infiniband_verbs/uverbs0/ibdev': 'mlx5_0\n',
  'sys/class/infiniband_verbs/uverbs1/ibdev': 'rxe0\n',
  'sys/class/infiniband_verbs/abi_version': '6\n',
  'dev/infiniband/uverbs0': '',
};

describe('RDMA ports', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bowecho-devices-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  };

  it('are none where the kernel has none', () => {
    expect(listRdmaPorts(root)).to.deep.equal([]);
  });

  it('are told with what can be read of them', () => {
    write(FILES);
    const device = join(root, 'sys/class/infiniband/mlx5_0/device');
    mkdirSync(device);
    symlinkSync('../../../../bus/pci/drivers/mlx5_core', join(device, 'driver'));
    expect(listRdmaPorts(root)).to.deep.equal([
      {
        device: 'mlx5_0',
        port: '1',
        state: 'ACTIVE',
        link: 'InfiniBand',
        rate: '100 Gb/sec (4X EDR)',
        driver: 'mlx5_core',
        interface: 'ib0',
      },
      {
        device: 'rxe0',
        port: '1',
        state: 'DOWN',
        link: 'Ethernet',
        rate: 'unknown',
        problem:
          'the file /dev/infiniband/uverbs1 is missing; a container must be given it (--device=/dev/infiniband)',
      },
    ]);
  });

  it('say that a user may not open their file', function () {
    if (process.getuid?.() === 0) this.skip(); // who may open all
    write(FILES);
    chmodSync(join(root, 'dev/infiniband/uverbs0'), 0);
    expect(listRdmaPorts(root)[0]?.problem).to.equal(
      'this user may not open /dev/infiniband/uverbs0 (EACCES)',
    );
  });

  it('say that the module is missing which programs need', () => {
    write({ 'sys/class/infiniband/rxe0/ports/1/state': '4: ACTIVE\n' });
    expect(listRdmaPorts(root)[0]?.problem).to.equal(
      'the kernel module ib_uverbs is not loaded (`modprobe ib_uverbs`)',
    );
  });
});
