/**
 * Which providers of libfabric are there, of those that we can use: looked up anew each time, because interfaces and devices come
 * and go.
 */
import type { NativeAddon, NativeLibfabric, NativeProvider } from '../native.js';

/** Our names of providers, and libfabric's. Connection-oriented ones get their endpoints from the utility ofi_rxm. */
export const PROVIDERS: Readonly<Record<string, string>> = {
  verbs: 'verbs;ofi_rxm',
  efa: 'efa',
  tcp: 'tcp;ofi_rxm',
  shm: 'shm',
};

const OURS = Object.values(PROVIDERS);

/** Providers in the order in which they are to be tried; at least one. */
export interface Providers {
  readonly libfabric: NativeLibfabric;
  readonly names: readonly string[];
}

/**
 * @param kinds in the order wanted: 'verbs', 'efa', 'tcp', 'shm'
 * @param host a local IP address that the endpoint is to have
 */
export function providersOf(
  addon: NativeAddon,
  kinds: readonly string[],
  host: string,
): Providers | { readonly reason: string } {
  const libfabric = libfabricOf(addon);
  if ('reason' in libfabric) return libfabric;
  const wanted = kinds.map(kind => PROVIDERS[kind]!);
  const names = wanted.filter(name => offered(libfabric, name, host).length > 0);
  return names.length > 0 ? { libfabric, names } : { reason: whyNone(libfabric, wanted, host) };
}

/** The classes of libfabric, if the addon has them and the library is there. */
export function libfabricOf(addon: NativeAddon): NativeLibfabric | { readonly reason: string } {
  const { Endpoint, Registration, listProviders } = addon;
  if (Endpoint === undefined || Registration === undefined || listProviders === undefined) {
    return {
      reason:
        "the native addon was built without libfabric's headers: install libfabric-dev (Debian, Ubuntu) or libfabric-devel " +
        '(Fedora, RHEL, SUSE), then `npm rebuild @bowecho/rdma`',
    };
  }
  const listed = listProviders({ node: '' });
  if ('reason' in listed) {
    return {
      reason: `libfabric cannot be used: ${listed.reason}; install libfabric1 (Debian, Ubuntu) or libfabric (Fedora, RHEL)`,
    };
  }
  return { Endpoint, Registration, listProviders };
}

/** Of a provider, what it offers at that address. The address of `shm` is none of the internet. */
export function offered(libfabric: NativeLibfabric, name: string, host: string): readonly NativeProvider[] {
  const listed = libfabric.listProviders({ node: name === PROVIDERS.shm ? '' : host });
  return 'reason' in listed ? [] : listed.providers.filter(({ provider }) => provider === name);
}

function whyNone(libfabric: NativeLibfabric, wanted: readonly string[], host: string): string {
  const listed = libfabric.listProviders({ node: '' });
  const all = 'reason' in listed ? [] : listed.providers.filter(({ provider }) => OURS.includes(provider));
  const elsewhere = all.filter(({ provider }) => wanted.includes(provider));
  if (elsewhere.length > 0) {
    const places = elsewhere.map(({ provider, domain, address }) => `${provider} at ${address} (${domain})`);
    // A provider lists the devices that it saw when it was first asked.
    const gone = places.filter((_, i) => elsewhere[i]!.address === host);
    if (gone.length > 0) {
      return `libfabric had ${[...new Set(gone)].join(', ')} when this process began, and cannot use it now: the device, or its address, has gone`;
    }
    return `libfabric has no ${wanted.join(', ')} at the address ${host}; it has ${[...new Set(places)].join(', ')}`;
  }
  const names = [...new Set(all.map(({ provider }) => provider))];
  const devices = wanted.includes(PROVIDERS.verbs!)
    ? '; for verbs, `ibv_devices` must show a device, and its drivers (ibverbs-providers) be installed'
    : '';
  return `libfabric offers no ${wanted.join(', ')} here, only ${names.join(', ') || 'nothing that we can use'}${devices}`;
}
