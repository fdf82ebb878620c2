/** Goal: three fabrics over verbs keep the contract, in one process and in three. */
import { createFabric } from '@bowecho/rdma';
import { fabricConformance, type ConformanceSetup } from '@bowecho/testing';
import { settleNetwork } from '../conformance/settle-network.js';
import { ChildFabric, FabricChild } from '../processes/child-fabric.js';
import { VERBS, VERBS_HOST } from './verbs-host.js';

const MEMBERS = 3;

fabricConformance({
  name: 'verbs, one process',
  describe,
  it,
  create: (): ConformanceSetup => {
    const fabrics = Array.from({ length: MEMBERS }, () => createFabric(VERBS, { host: VERBS_HOST }));
    const [a, b, c] = fabrics;
    return {
      a: a!,
      b: b!,
      c: c!,
      settle: () => settleNetwork(fabrics),
      close: () => fabrics.forEach(fabric => fabric.close(() => {})),
    };
  },
});

describe('between processes, verbs', () => {
  let children: FabricChild[] = [];

  before(() => {
    children = Array.from({ length: MEMBERS }, () => new FabricChild());
  });
  after(() => Promise.all(children.map(child => child.end())));

  const create = (): ConformanceSetup => {
    const fabrics = children.map(child => new ChildFabric(child, VERBS, { host: VERBS_HOST }));
    const [a, b, c] = fabrics;
    const turn = async (): Promise<void> => {
      for (const child of children) await child.settle();
    };
    return {
      a: a!,
      b: b!,
      c: c!,
      settle: async () => {
        await turn();
        while (fabrics.reduce((left, fabric) => left + fabric.look(), 0) > 0) await turn();
        await turn();
      },
      close: async () => {
        let open = fabrics.length;
        fabrics.forEach(fabric => fabric.close(() => open--));
        while (open > 0) await turn();
      },
    };
  };

  fabricConformance({ name: 'verbs, three processes', describe, it, create });
});
