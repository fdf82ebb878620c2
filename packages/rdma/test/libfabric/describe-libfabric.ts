/** Tests of libfabric run over the kernel's TCP where it is there, and say elsewhere why they do not. */
import { unavailableReason } from '@bowecho/rdma';

export const TCP = 'libfabric-tcp';

const reason = unavailableReason(TCP);

export function describeLibfabric(title: string, body: (this: Mocha.Suite) => void): void {
  if (reason === undefined) describe(title, body);
  else describe.skip(`${title} (not here: ${reason})`, body);
}
