/** Fabrics between processes, by the name of their package: nothing here depends on that package, which may be missing. */
import type { Fabric } from '@bowecho/core';

/** What the package's fabrics have beyond the contract. */
export interface CountingFabric extends Fabric {
  networkCounts(): { readonly pushes: number; readonly writes: number; readonly bytes: number };
}

interface RdmaPackage {
  createFabric(name: string): CountingFabric;
  unavailableReason(name: string): string | undefined;
}

const PACKAGE: string = '@bowecho/rdma';

export async function openRdma(): Promise<RdmaPackage> {
  return (await import(PACKAGE)) as RdmaPackage;
}

/** In words; undefined if it is there. */
export async function whyMissing(fabric: string): Promise<string | undefined> {
  try {
    return (await openRdma()).unavailableReason(fabric);
  } catch (error) {
    return String(error);
  }
}
