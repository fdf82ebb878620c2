/** Addresses of this machine. */
import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Whether an IP address is one of the loopback interface: whoever connects to it runs on this machine. */
export function isSameHostAddress(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

/**
 * Why nothing can be bound to an IP address, in words; undefined if it is one of this machine's. libfabric itself would take
 * the address that means all of them, and tell peers to connect to it.
 */
export function whyNotMine(host: string): string | undefined {
  if (isSameHostAddress(host)) return undefined;
  const mine = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? []);
  const list = new BlockList(); // compares addresses, and not how they are written
  for (const { address, family } of mine) list.addAddress(address, family === 'IPv6' ? 'ipv6' : 'ipv4');
  if (list.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')) return undefined;
  return `${host} is no address of this machine, which has ${mine.map(({ address }) => address).join(', ') || 'none'}`;
}
