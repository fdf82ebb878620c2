/**
 * Which address of this machine is meant, where somebody names one or leaves it out. A local run and its checks need one that
 * is here now: what it is refused for is said before anything has started.
 */
import { isIP, isIPv6, SocketAddress } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describeValue } from '../../config/describe-value.js';
import { isLinkLocal, isLoopback } from '../../control/address.js';
import { chooseFabricHost, type FabricHost, type Interfaces } from '../../host/fabric-host.js';

/** Where members of one machine reach each other, and nobody else does. */
export const LOOPBACK_HOST = '127.0.0.1';

/**
 * Why members cannot listen at `host`, in words; undefined if they can.
 *
 * @param where it was found, e.g. `--host`
 * @param host a name is refused too: a fabric binds to one address
 */
export function hostProblem(
  where: string,
  host: unknown,
  interfaces: Interfaces = networkInterfaces(),
): string | undefined {
  const refuse = (why: string): string =>
    `${where} must be an IP address of this machine, but ${why}; it has ${addressesOf(interfaces).join(', ')}`;
  if (typeof host !== 'string' || isIP(host) === 0) return refuse(`is ${describeValue(host)}`);
  const plain = plainForm(host);
  if (plain === '0.0.0.0' || plain === '::') return refuse(`${host} stands for all of them`);
  if (isIPv6(host) && isLinkLocal(host)) return refuse(`${host} means something on one link only`);
  if (isLoopback(host) || all(interfaces).some(({ address }) => address === plain)) return undefined;
  return refuse(`${host} is none`);
}

/** The first address that leads out of this machine, or loopback where there is none. */
export function outwardHost(interfaces: Interfaces = networkInterfaces()): FabricHost {
  const anywhere = { listen: '0.0.0.0:1', mySeed: undefined, seeds: [] };
  const { address } = chooseFabricHost(anywhere, interfaces, new Map());
  const found = all(interfaces).find(each => each.address === address && !each.internal);
  if (found === undefined) return { address, why: 'loopback, for no address leads out of this machine' };
  return { address, why: `${found.name}, the first address that leads out of this machine` };
}

function addressesOf(interfaces: Interfaces): readonly string[] {
  return all(interfaces)
    .map(({ address }) => address)
    .filter(address => !(isIPv6(address) && isLinkLocal(address)));
}

function all(interfaces: Interfaces): { name: string; address: string; internal: boolean }[] {
  return Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.map(({ address, internal }) => ({ name, address, internal })),
  );
}

/** As the system writes it: in small letters, shortened, without a zone. */
function plainForm(address: string): string {
  return new SocketAddress({ address, family: isIPv6(address) ? 'ipv6' : 'ipv4' }).address;
}
