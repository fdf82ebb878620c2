/**
 * What the doctor uses of `@bowecho/rdma`, and how it is loaded. No type of that package is named, because it may be missing;
 * then the reason takes its place.
 */

/** Something that is there, or why it is not, in words. */
export type Finding<What> = What | { readonly reason: string };

export interface Provider {
  readonly provider: string;
  /** An interface or a device. */
  readonly domain: string;
  /** Empty where its addresses are not of the internet. */
  readonly address: string;
}

export interface RdmaPort {
  readonly device: string;
  readonly port: string;
  readonly state: string;
  readonly link: string;
  readonly rate: string;
  readonly interface?: string;
}

export interface Limits {
  readonly memlockBytes: number;
  readonly openFiles: number;
  readonly fileBytes: number;
  readonly addressBytes: number;
}

export interface FabricState {
  readonly name: string;
  /** Why it cannot be used; undefined if it can. */
  readonly reason?: string;
  /** What it comes to, where its name leaves that open. */
  readonly choice?: string;
}

export interface Survey {
  readonly host: string;
  readonly addon: Finding<object>;
  readonly libfabric: Finding<{ readonly version: string }>;
  readonly providers: readonly Provider[];
  readonly ports: readonly RdmaPort[];
  readonly limits: Limits | undefined;
  readonly fabrics: readonly FabricState[];
  readonly advice: readonly string[];
}

export interface ProbeResult {
  /** Microseconds. */
  readonly roundTripMicros: { readonly p50: number; readonly p99: number };
  readonly bytesPerSecond: number;
  readonly notes: readonly string[];
}

export interface RdmaPackage {
  surveyFabrics(options: { readonly host: string }): Survey;
  /** Rejects with a BowechoError, or with the reason of the signal. */
  probeFabric(
    name: string,
    options: { readonly host: string; readonly seconds: number; readonly signal: AbortSignal },
  ): Promise<ProbeResult>;
}

const PACKAGE: string = '@bowecho/rdma';

export async function loadRdma(): Promise<Finding<RdmaPackage>> {
  try {
    return (await import(PACKAGE)) as RdmaPackage;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return {
      reason: `the package ${PACKAGE} cannot be loaded (${words}); \`npm install ${PACKAGE}\` brings it`,
    };
  }
}
