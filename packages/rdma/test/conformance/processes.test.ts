/**
 * Goal: three shared-memory fabrics in three processes keep the contract. The processes live through all tests; each test
 * has fresh fabrics in them.
 */
import { fabricConformance, type ConformanceSetup } from '@bowecho/testing';
import { ChildFabric, FabricChild } from '../processes/child-fabric.js';

describe('between processes', () => {
  const children: FabricChild[] = [];

  before(() => {
    for (let i = 0; i < 3; i++) children.push(new FabricChild());
  });
  after(() => Promise.all(children.map(child => child.end())));

  const create = (): ConformanceSetup => {
    const fabrics = children.map(child => new ChildFabric(child));
    const [a, b, c] = fabrics;
    return {
      a: a!,
      b: b!,
      c: c!,
      settle: async () => {
        for (const child of children) await child.settle();
      },
      close: () => fabrics.forEach(fabric => fabric.close(() => {})),
    };
  };

  fabricConformance({ name: 'shared memory, three processes', describe, it, create });
});
