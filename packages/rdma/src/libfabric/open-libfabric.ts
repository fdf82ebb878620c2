/** openLibfabric opens the first provider that works, with a word about those that do not. */
import { BowechoError } from '@bowecho/core';
import { isSystemRefusal } from '../native.js';
import type { Say } from '../rdma-fabric.js';
import type { TransportListener } from '../transport.js';
import { LibfabricTransport } from './libfabric-transport.js';
import type { Providers } from './providers.js';
import { SHM, removeStaleSegments } from './stale-segments.js';

/**
 * @param host a local IP address to bind to
 * @throws BowechoError FABRIC_UNAVAILABLE where none can be opened
 */
export function openLibfabric(
  { libfabric, names }: Providers,
  host: string,
  listener: TransportListener,
  say: Say,
): LibfabricTransport {
  const refusals: string[] = [];
  for (const name of names) {
    if (name === SHM) removeStaleSegments();
    try {
      const transport = new LibfabricTransport(libfabric, name, name === SHM ? '' : host, listener, say);
      say(`libfabric's provider ${name} is used (${transport.facts.domain})`);
      return transport;
    } catch (error) {
      if (!isSystemRefusal(error)) throw error;
      refusals.push(
        `${name} cannot be opened: ${error.message} (${error.syscall}, ${error.code})${remedy(error.code)}`,
      );
      say(`a provider of libfabric is passed over: ${refusals.at(-1)}`);
    }
  }
  throw new BowechoError(
    'FABRIC_UNAVAILABLE',
    `no provider of libfabric can be used: ${refusals.join('; ')}`,
  );
}

function remedy(code: string): string {
  if (code === 'ENOMEM') return '; is `ulimit -l` high enough?';
  if (code === 'EMFILE') return '; raise `ulimit -n`';
  return '';
}
