/**
 * Goal: three fabrics in three processes keep the contract: by shared memory, and by libfabric over TCP and over its own shared
 * memory. The processes live through all tests, and each test has fresh fabrics in them.
 *
 * libfabric's own shared memory runs between processes alone. In one process its endpoints share their mappings, and one that
 * closes takes its own away under those that still write there.
 */
import { unavailableReason } from '@bowecho/rdma';
import { fabricConformance, type ConformanceSetup } from '@bowecho/testing';
import { portOf } from '../libfabric/addresses.js';
import { bytesQueued } from '../libfabric/network-queues.js';
import { ChildFabric, FabricChild } from '../processes/child-fabric.js';

for (const name of ['shared-memory', 'libfabric-tcp', 'libfabric-shm']) {
  const reason = unavailableReason(name);
  if (reason !== undefined) describe.skip(`between processes, ${name} (not here: ${reason})`, () => {});
  else describe(`between processes, ${name}`, () => conformance(name));
}

function conformance(name: string): void {
  const children: FabricChild[] = [];

  before(() => {
    for (let i = 0; i < 3; i++) children.push(new FabricChild());
  });
  after(() => Promise.all(children.map(child => child.end())));

  const create = (): ConformanceSetup => {
    const fabrics = children.map(child => new ChildFabric(child, name));
    const [a, b, c] = fabrics;
    const turn = async (): Promise<void> => {
      for (const child of children) await child.settle();
    };
    // Over tcp nobody counts what has arrived.
    const queued = (): number =>
      name === 'libfabric-tcp' ? bytesQueued(fabrics.map(({ address }) => portOf(address))) : 0;
    return {
      a: a!,
      b: b!,
      c: c!,
      settle: async () => {
        await turn();
        while (fabrics.reduce((left, fabric) => left + fabric.look(), 0) + queued() > 0) await turn();
        await turn();
      },
      close: async () => {
        let open = fabrics.length;
        fabrics.forEach(fabric => fabric.close(() => open--));
        while (open > 0) await turn();
      },
    };
  };

  fabricConformance({ name: `${name}, three processes`, describe, it, create });
}
