/** How much memory of this process a device may touch at any moment, so that it stays where it is; in KiB. */
import { readFileSync } from 'node:fs';

export function pinnedKiB(): number {
  return Number(/^VmPin:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]);
}
