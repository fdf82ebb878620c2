/**
 * Bugs planted in how reads know that they see the newest state: rules of docs/protocol.md, section 7. What two members alone would show
 * is planted in core's read-lease.test.ts.
 */
import { Multicast, ReadLease } from '@bowecho/core';
import { replaceGetter, replaceMethod, type Mutant } from './mutant.js';

export const READ_MUTANTS: readonly Mutant[] = [
  {
    name: 'leaves somebody out who may hold a lease',
    killers: ['fresh-reads'],
    profile: 'reading',
    plant: () => replaceMethod<ReadLease, unknown[], number>(ReadLease, 'releasedAt', () => () => -Infinity),
  },
  {
    name: 'answers a read before what was received is delivered',
    killers: ['fresh-reads'],
    profile: 'reading',
    plant: () => replaceGetter(Multicast, 'isDelivered', () => true),
  },
];
