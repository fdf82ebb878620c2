/**
 * openFabric gives the fabric that a configuration names. Those between processes live in `@bowecho/rdma`, with native code
 * in it; it is loaded when one of them is asked for and not before, so that members of one process run where it is missing.
 */
import { BowechoError, type Fabric } from '@bowecho/core';
import type { ResolvedConfig } from '../config/index.js';
import { isOfOneMachine, type FabricName } from '../config/fabric-names.js';
import type { Log } from '../ctx.js';
import { processHub } from '../in-process/in-process-control.js';
import { findFabricHost } from './fabric-host.js';

/** What a fabric is told: its `FabricOptions`. */
interface RdmaOptions {
  /** A local IP address where peers reach this process. */
  readonly host?: string;
  /** Hears in words what was chosen and what was passed over. */
  readonly say?: (words: string) => void;
}

/** What this package uses of `@bowecho/rdma`. It names no type of it: that package may be missing. */
interface RdmaPackage {
  createFabric(name: string, options: RdmaOptions): Fabric;
  unavailableReason(name: string, options: RdmaOptions): string | undefined;
}

const PACKAGE: string = '@bowecho/rdma';

/**
 * @param log hears what the fabric chose, where it had a choice
 * @throws BowechoError `FABRIC_UNAVAILABLE`; `MEMORY_UNAVAILABLE`; `CONFIG_INVALID` if `listen` is no address of this machine
 */
export async function openFabric(config: ResolvedConfig, log: Log): Promise<Fabric> {
  const { id: member, fabric } = config;
  if (fabric === 'in-process') return processHub.network.createFabric();
  const rdma = await loadRdma(fabric);
  const say = (words: string): void => log.info({ member, fabric }, words);
  if (isOfOneMachine(fabric)) return rdma.createFabric(fabric, { say });
  const { address: host, why } = await findFabricHost(config);
  log.debug({ member, fabric, host }, `the fabric is to be reached at ${host}, ${why}`);
  return rdma.createFabric(fabric, { host, say });
}

/**
 * Why that fabric cannot be used here, in words; undefined if it can.
 *
 * @param host the IP address of this machine where it is to be reached; by default loopback, for processes of this machine
 */
export async function fabricProblem(name: FabricName, host?: string): Promise<string | undefined> {
  if (name === 'in-process') return undefined;
  try {
    return (await loadRdma(name)).unavailableReason(name, host === undefined ? {} : { host });
  } catch (error) {
    return (error as Error).message;
  }
}

async function loadRdma(name: string): Promise<RdmaPackage> {
  try {
    return (await import(PACKAGE)) as RdmaPackage;
  } catch (cause) {
    throw new BowechoError(
      'FABRIC_UNAVAILABLE',
      `fabric '${name}' is in the package ${PACKAGE}, which cannot be loaded (${String(cause)}): install it, or use fabric 'in-process'`,
      { cause },
    );
  }
}
