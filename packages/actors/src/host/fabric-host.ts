/**
 * At which address of this machine a fabric over the network is to be reached. It follows from where the member listens:
 * peers that reach its control port there reach its memory there, too.
 *
 *  1. `listen` names a host: that one, which must be an address of this machine.
 *  2. `listen` is a wildcard (0.0.0.0, ::): the host of the own seed, as far as that is an address of this machine. Where
 *     nobody says which seed that is, those with the port of `listen` are looked at.
 *  3. Else, as behind an address that is translated: the first address of an interface that leads out of this machine.
 *  4. Else loopback.
 *
 * Where there is a choice IPv4 goes before IPv6, except where `listen` is `::`: all members of a group must come to the same
 * kind. Link-local addresses are passed over, since they mean nothing without an interface. The choice itself is pure; what
 * names mean and which interfaces there are is asked before it.
 */
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6, SocketAddress } from 'node:net';
import { networkInterfaces } from 'node:os';
import { assert, BowechoError } from '@bowecho/core';
import { isLinkLocal, isLoopback, parseAddress } from '../control/address.js';

/** Where a member is, as the configuration says it: addresses with ports. */
export interface MemberPlace {
  readonly listen: string;
  /** Which seed is this member, if that is known. */
  readonly mySeed: string | undefined;
  readonly seeds: readonly string[];
}

/** The parts of `os.networkInterfaces()` that are looked at. */
export type Interfaces = Readonly<
  Record<string, readonly { readonly address: string; readonly internal: boolean }[] | undefined>
>;

export interface FabricHost {
  /** An IP address of this machine, without brackets. */
  readonly address: string;
  /** In words, to be read after the address. */
  readonly why: string;
}

/** Names that nobody resolves by then are taken for those of other machines: milliseconds. */
const LONGEST_LOOKUP_MS = 3_000;

/**
 * The address at which this member's fabric is to be reached.
 *
 * @throws BowechoError `CONFIG_INVALID` if the host of `listen` is no address of this machine
 */
export async function findFabricHost(place: MemberPlace): Promise<FabricHost> {
  const addressesOf = new Map<string, readonly string[]>();
  await Promise.all(
    hostsOf(place).map(async host => {
      addressesOf.set(host, await resolve(host));
    }),
  );
  return chooseFabricHost(place, networkInterfaces(), addressesOf);
}

/** The hosts whose addresses the choice depends on. */
export function hostsOf(place: MemberPlace): readonly string[] {
  const { host } = read(place.listen);
  return isWildcard(host) ? ownSeeds(place).map(seed => read(seed).host) : [host];
}

/**
 * The choice itself.
 *
 * @param addressesOf by host: its addresses, best first; those of a name that cannot be resolved are none
 * @throws BowechoError `CONFIG_INVALID` if the host of `listen` is no address of this machine
 */
export function chooseFabricHost(
  place: MemberPlace,
  interfaces: Interfaces,
  addressesOf: ReadonlyMap<string, readonly string[]>,
): FabricHost {
  const { host: listenHost } = read(place.listen);
  const all = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.map(each => ({ ...each, name })),
  );
  const isMine = (address: string): boolean =>
    isLoopback(address) || all.some(each => each.address === plainForm(address));

  if (!isWildcard(listenHost)) {
    const addresses = addressesOf.get(listenHost) ?? [];
    const address = addresses.find(isMine);
    if (address !== undefined) return { address, why: `where it listens (${place.listen})` };
    throw notMine(
      place.listen,
      listenHost,
      addresses,
      all.map(each => each.address),
    );
  }

  const byFamily = preferring(isIPv6(listenHost) ? 6 : 4);
  for (const seed of ownSeeds(place)) {
    const { host } = read(seed);
    // A machine's own name is often a loopback address to itself, where nobody else reaches it.
    const isUsable = (address: string): boolean =>
      isMine(address) && !isLinkLocal(address) && (isLoopback(host) || !isLoopback(address));
    const address = [...(addressesOf.get(host) ?? [])].filter(isUsable).sort(byFamily)[0];
    if (address !== undefined) return { address, why: `the host of its seed ${seed}` };
  }
  const outward = all.filter(({ internal, address }) => !internal && !isLinkLocal(address));
  const first = outward.sort((a, b) => byFamily(a.address, b.address))[0];
  if (first !== undefined) {
    const why = `the first address of this machine (${first.name}), for no seed is known to be this member's`;
    return { address: first.address, why };
  }
  return {
    address: isIPv6(listenHost) ? '::1' : '127.0.0.1',
    why: 'for this machine has no other interface',
  };
}

/** The seeds that may be this member: the one that is, if that is known, else those with its port. */
function ownSeeds({ listen, mySeed, seeds }: MemberPlace): readonly string[] {
  if (mySeed !== undefined) return [mySeed];
  const { port } = read(listen);
  return seeds.filter(seed => read(seed).port === port);
}

function read(address: string): { readonly host: string; readonly port: number } {
  const parsed = parseAddress(address);
  assert(parsed !== undefined, `${address} is no address, and the configuration was checked`);
  return parsed;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || (isIPv6(host) && /^[0:]+$/.test(host));
}

/** As the system writes it: in small letters, shortened, without a zone. */
function plainForm(address: string): string {
  return new SocketAddress({ address, family: isIPv6(address) ? 'ipv6' : 'ipv4' }).address;
}

/** Keeps the order within a family: sorting is stable. */
function preferring(family: 4 | 6): (a: string, b: string) => number {
  const rankOf = (address: string): number => (isIP(address) === family ? 0 : 1);
  return (a, b) => rankOf(a) - rankOf(b);
}

function notMine(
  listen: string,
  host: string,
  addresses: readonly string[],
  mine: readonly string[],
): BowechoError {
  const what =
    addresses.length === 0
      ? 'the name cannot be resolved'
      : addresses.includes(host)
        ? 'this machine has no such address'
        : `the name means ${addresses.join(' and ')}, which is not this machine`;
  return new BowechoError(
    'CONFIG_INVALID',
    `this member cannot be reached at '${listen}': ${what}; name one of ${mine.join(', ')}, or 0.0.0.0 for all`,
  );
}

/** The addresses of a host, none if it has none or nobody says so in time. */
async function resolve(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<readonly string[]>(done => {
    timer = setTimeout(done, LONGEST_LOOKUP_MS, []);
  });
  const found = lookup(host, { all: true }).then(
    addresses => addresses.map(({ address }) => address),
    () => [], // a name that has no address is not this machine's, and whoever dials it says why
  );
  try {
    return await Promise.race([found, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
