/**
 * surveyFabrics looks at this machine as createFabric does, and tells all of it: what there is, what would be taken and why,
 * and what to install or to set to get more. It opens no fabric; whether one works is what `probeFabric` finds out.
 */
import { loadAddon } from '../addon.js';
import { unavailableReason, type FabricOptions } from '../fabrics.js';
import { libfabricOf, PROVIDERS } from '../libfabric/providers.js';
import type { NativeProvider } from '../native.js';
import { advise } from './advice.js';
import { choiceOf } from './choices.js';
import { listRdmaPorts, type RdmaPort } from './devices.js';
import { readLimits, type Limits } from './limits.js';

/** Something that is there, or why it is not, in words. */
export type Finding<What> = What | { readonly reason: string };

export interface FabricState {
  readonly name: string;
  /** Why it cannot be used here; undefined if, as far as can be seen without opening it, it can. */
  readonly reason?: string;
  /** What it comes to at that address, where its name leaves that open: `auto` and `libfabric`, if they can be used. */
  readonly choice?: string;
}

/** What was found, before it is judged. */
export interface FabricFacts {
  /** The address that was asked about. */
  readonly host: string;
  readonly addon: Finding<{ readonly isLoaded: true }>;
  /** The library's version, as `1.17`. */
  readonly libfabric: Finding<{ readonly version: string }>;
  /** What libfabric offers of what we can use, at any address. */
  readonly providers: readonly NativeProvider[];
  readonly ports: readonly RdmaPort[];
  /** Undefined where the system does not say. */
  readonly limits: Limits | undefined;
  /** Best first. */
  readonly fabrics: readonly FabricState[];
}

export interface FabricSurvey extends FabricFacts {
  /** What would give more, a sentence or two each. */
  readonly advice: readonly string[];
}

const ALL = [
  'auto',
  'shared-memory',
  'libfabric',
  'libfabric-verbs',
  'libfabric-efa',
  'libfabric-tcp',
  'libfabric-shm',
];

/**
 * @param options as for `createFabric`
 *
 * @example
 * for (const { name, reason } of surveyFabrics({ host: '10.0.0.7' }).fabrics) console.log(name, reason ?? 'usable');
 */
export function surveyFabrics({ host = '127.0.0.1' }: FabricOptions = {}): FabricSurvey {
  const { version, providers } = listLibfabric();
  const loaded = loadAddon();
  const reasons = new Map(ALL.map(name => [name, unavailableReason(name, { host })]));
  const facts: FabricFacts = {
    host,
    addon: 'reason' in loaded ? loaded : { isLoaded: true },
    libfabric: version,
    providers,
    ports: listRdmaPorts(),
    limits: readLimits(),
    fabrics: ALL.map(name => stateOf(name, reasons, host)),
  };
  return { ...facts, advice: advise(facts) };
}

function stateOf(name: string, reasons: ReadonlyMap<string, string | undefined>, host: string): FabricState {
  const reason = reasons.get(name);
  if (reason !== undefined) return { name, reason };
  const choice = choiceOf(name, reasons, host);
  return choice === undefined ? { name } : { name, choice };
}

function listLibfabric(): { version: FabricFacts['libfabric']; providers: readonly NativeProvider[] } {
  const loaded = loadAddon();
  if ('reason' in loaded) return { version: loaded, providers: [] };
  const libfabric = libfabricOf(loaded.addon);
  if ('reason' in libfabric) return { version: libfabric, providers: [] };
  const listed = libfabric.listProviders({ node: '' });
  if ('reason' in listed) return { version: listed, providers: [] };
  return { version: { version: listed.version.join('.') }, providers: usableProviders(listed.providers) };
}

/** Those that some fabric of ours takes; libfabric lists each once for every set of features. */
function usableProviders(listed: readonly NativeProvider[]): readonly NativeProvider[] {
  const usable = listed.filter(({ provider }) => Object.values(PROVIDERS).includes(provider));
  return [...new Map(usable.map(one => [JSON.stringify(one), one])).values()];
}
