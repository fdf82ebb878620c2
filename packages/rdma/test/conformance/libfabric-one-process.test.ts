/** Goal: three libfabric fabrics of one process keep the contract, by the kernel's TCP and by libfabric's shared memory. */
import { createFabric, unavailableReason } from '@bowecho/rdma';
import { fabricConformance, type ConformanceSetup } from '@bowecho/testing';
import { settleNetwork } from './settle-network.js';

for (const name of ['libfabric-tcp']) {
  const reason = unavailableReason(name);
  const create = (): ConformanceSetup => {
    const fabrics = ['a', 'b', 'c'].map(() => createFabric(name));
    const [a, b, c] = fabrics;
    return {
      a: a!,
      b: b!,
      c: c!,
      settle: () => settleNetwork(fabrics),
      close: () => fabrics.forEach(fabric => fabric.close(() => {})),
    };
  };

  if (reason === undefined) fabricConformance({ name: `${name}, one process`, describe, it, create });
  else describe.skip(`${name} (not here: ${reason})`, () => {});
}
