/** Goal: three shared-memory fabrics of one process keep the contract. Each maps the others' memory as a stranger would. */
import { createFabric } from '@bowecho/rdma';
import { fabricConformance, type ConformanceSetup } from '@bowecho/testing';
import { nextTurn } from '../next-turn.js';

function create(): ConformanceSetup {
  const fabrics = ['a', 'b', 'c'].map(() => createFabric('shared-memory'));
  const [a, b, c] = fabrics;
  return {
    a: a!,
    b: b!,
    c: c!,
    settle: nextTurn,
    close: () => fabrics.forEach(fabric => fabric.close(() => {})),
  };
}

fabricConformance({ name: 'shared memory, one process', describe, it, create });
