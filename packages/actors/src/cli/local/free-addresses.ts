/**
 * freeAddresses finds ports of this machine that nobody listens at. All are held at once while they are looked for, so
 * they differ; afterwards they are free, and whoever is quicker may take one. A member that comes too late says so
 * itself: `ADDRESS_IN_USE`.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { formatAddress } from '../../control/address.js';

/**
 * So many addresses like `127.0.0.1:41237`.
 *
 * @param host an IP address of this machine
 * @throws the system's error if this machine has no more ports to give
 */
export async function freeAddresses(count: number, host: string): Promise<string[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    await Promise.all(servers.map(server => once(server.listen(0, host), 'listening')));
    return servers.map(server => formatAddress(host, (server.address() as AddressInfo).port));
  } finally {
    await Promise.all(
      servers.filter(server => server.listening).map(server => once(server.close(), 'close')),
    );
  }
}
