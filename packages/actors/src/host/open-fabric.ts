/**
 * openFabric gives the fabric of a name. Those between processes live in `@bowecho/rdma`, with native code in it; it is
 * loaded when one of them is asked for and not before, so that members of one process run where it is missing.
 */
import { BowechoError, type Fabric } from '@bowecho/core';
import type { ResolvedConfig } from '../config/index.js';
import { processHub } from '../in-process/in-process-control.js';

/** What this package uses of `@bowecho/rdma`. It names no type of it: that package may be missing. */
interface RdmaPackage {
  createFabric(name: string): Fabric;
  unavailableReason(name: string): string | undefined;
}

const PACKAGE: string = '@bowecho/rdma';

/** @throws BowechoError `FABRIC_UNAVAILABLE` */
export async function openFabric(name: ResolvedConfig['fabric']): Promise<Fabric> {
  if (name === 'in-process') return processHub.network.createFabric();
  return (await loadRdma(name)).createFabric(name);
}

/** Why that fabric cannot be used here, in words; undefined if it can. */
export async function fabricProblem(name: ResolvedConfig['fabric']): Promise<string | undefined> {
  if (name === 'in-process') return undefined;
  try {
    return (await loadRdma(name)).unavailableReason(name);
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
