/**
 * The RDMA devices that the kernel knows: each port with its state, link and rate, and whether this process may use it. All of
 * it is read from files, so that it can be said where no RDMA library is installed.
 */
import { accessSync, constants, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A port of an RDMA device. What cannot be read is `unknown`. */
export interface RdmaPort {
  /** `mlx5_0`, `rxe0`. */
  readonly device: string;
  readonly port: string;
  /** `ACTIVE`, `DOWN`. */
  readonly state: string;
  /** `InfiniBand`, or `Ethernet` for RoCE. */
  readonly link: string;
  /** `100 Gb/sec (4X EDR)`. */
  readonly rate: string;
  /** The kernel's driver: `mlx5_core`, `efa`. Devices of software have none. */
  readonly driver?: string;
  /** The network interface on the same wire, whose addresses it has. */
  readonly interface?: string;
  /** Why this process cannot use the device, in words: its file is missing, or forbidden. */
  readonly problem?: string;
}

const CLASS = 'sys/class/infiniband';
const FILES_CLASS = 'sys/class/infiniband_verbs';
const FILES = 'dev/infiniband';
const UNKNOWN = 'unknown';

/** @param root where `sys` and `dev` are */
export function listRdmaPorts(root = '/'): readonly RdmaPort[] {
  const folder = join(root, CLASS);
  return namesIn(folder).flatMap(device => {
    const driver = readLink(join(folder, device, 'device', 'driver'));
    const problem = problemOf(root, device);
    return namesIn(join(folder, device, 'ports')).map(port => {
      const at = join(folder, device, 'ports', port);
      const netInterface = interfaceOf(at);
      return {
        device,
        port,
        state: readWord(join(at, 'state')).replace(/^\d+: /, ''),
        link: readWord(join(at, 'link_layer')),
        rate: readWord(join(at, 'rate')),
        ...(driver === undefined ? {} : { driver }),
        ...(netInterface === undefined ? {} : { interface: netInterface }),
        ...(problem === undefined ? {} : { problem }),
      };
    });
  });
}

/** Each address of a port names its interface; places without an address cannot be read. */
function interfaceOf(port: string): string | undefined {
  const folder = join(port, 'gid_attrs', 'ndevs');
  return namesIn(folder)
    .map(index => readWord(join(folder, index)))
    .find(name => name !== UNKNOWN && name !== '');
}

/** Programs reach a device by a file, which a container has only if it is given it. */
function problemOf(root: string, device: string): string | undefined {
  const folder = join(root, FILES_CLASS);
  const name = namesIn(folder).find(each => readWord(join(folder, each, 'ibdev')) === device);
  if (name === undefined) return 'the kernel module ib_uverbs is not loaded (`modprobe ib_uverbs`)';
  try {
    accessSync(join(root, FILES, name), constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const file = `/${FILES}/${name}`;
    return code === 'ENOENT'
      ? `the file ${file} is missing; a container must be given it (--device=/${FILES})`
      : `this user may not open ${file} (${code})`;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // the kernel has no such devices, or this is no Linux
  }
}

function readLink(path: string): string | undefined {
  try {
    return basename(readlinkSync(path));
  } catch {
    return undefined; // a device of software has no driver
  }
}

function readWord(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return UNKNOWN; // a device may go away while it is looked at
  }
}
