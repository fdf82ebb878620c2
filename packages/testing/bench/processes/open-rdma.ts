/** The shared-memory fabric, by the name of its package: nothing here depends on that package, which may be missing. */
import type { Fabric } from '@bowecho/core';

interface RdmaPackage {
  createFabric(name: string): Fabric;
  unavailableReason(name: string): string | undefined;
}

const PACKAGE: string = '@bowecho/rdma';

export async function openRdma(): Promise<RdmaPackage> {
  return (await import(PACKAGE)) as RdmaPackage;
}

/** In words; undefined if it is there. */
export async function whySharedMemoryIsMissing(): Promise<string | undefined> {
  try {
    return (await openRdma()).unavailableReason('shared-memory');
  } catch (error) {
    return String(error);
  }
}
