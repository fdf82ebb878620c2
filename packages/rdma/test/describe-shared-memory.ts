/** Tests that need the addon run where it is, and say elsewhere why they do not. */
import { unavailableReason } from '@bowecho/rdma';

const reason = unavailableReason('shared-memory');

export function describeSharedMemory(title: string, body: () => void): void {
  if (reason === undefined) describe(title, body);
  else describe.skip(`${title} (not here: ${reason})`, body);
}
