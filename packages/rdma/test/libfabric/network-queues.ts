/** What the kernel holds of TCP connections between endpoints of this machine: sent and not acknowledged, or arrived and not read. */
import { readFileSync } from 'node:fs';

/** Columns of /proc/net/tcp; addresses and queues are hexadecimal, `0100007F:1F90` and `00000000:00000000`. */
const LOCAL = 1;
const REMOTE = 2;
const QUEUES = 4;

/** Bytes in queues of connections to those ports, of this network namespace. */
export function bytesQueued(ports: readonly number[]): number {
  const wanted = new Set(ports.map(port => port.toString(16).toUpperCase().padStart(4, '0')));
  let bytes = 0;
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'utf8').trim().split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/);
      const ends = [columns[LOCAL]!, columns[REMOTE]!].map(end => end.slice(-4));
      if (!ends.some(end => wanted.has(end))) continue;
      const [sending, arrived] = columns[QUEUES]!.split(':').map(text => parseInt(text, 16));
      bytes += sending! + arrived!;
    }
  }
  return bytes;
}
