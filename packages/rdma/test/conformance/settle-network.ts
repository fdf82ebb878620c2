/**
 * settleNetwork has everything that was pushed land. Over tcp that is when neither the endpoints nor the kernel hold anything;
 * elsewhere each push is counted where it is sent and where it arrives.
 *
 * Fabrics that are closing are waited for. None is polled, because that is the test's to do; those that sleep are left to wake
 * up by themselves.
 */
import type { Fabric } from '@bowecho/core';
import { LibfabricTransport } from '../../src/libfabric/libfabric-transport.js';
import { GAUGE } from '../../src/native.js';
import type { RdmaFabric } from '../../src/rdma-fabric.js';
import { portOf } from '../libfabric/addresses.js';
import { bytesQueued } from '../libfabric/network-queues.js';
import { nextTurn } from '../next-turn.js';

const LOOKS_PER_TURN = 50;

/** Of fabrics that talk to each other and to nobody else. */
export async function settleNetwork(fabrics: readonly Fabric[]): Promise<void> {
  const all = fabrics as readonly RdmaFabric[];
  await nextTurn();
  while (all.reduce((left, fabric) => left + leftAt(fabric), 0) > 0 || queued(all) > 0) {
    for (const fabric of all) lookUnlessAsleep(fabric);
    await nextTurn();
  }
  await nextTurn();
}

/** Often: over tcp one look lands one large write, and a full fabric has thousands under way. */
export function lookUnlessAsleep(fabric: RdmaFabric): void {
  for (let i = 0; i < LOOKS_PER_TURN && !fabric.isAsleep; i++) transportOf(fabric)?.look();
}

/** What one fabric has not finished: of its writes, and, where that is counted, of pushes sent less pushes arrived. */
export function leftAt(fabric: RdmaFabric): number {
  const transport = transportOf(fabric);
  if (transport === undefined) return 0;
  const { gauges, facts } = transport;
  const pushes = facts.tellsArrivals ? gauges[GAUGE.pushesSent]! - gauges[GAUGE.pushesArrived]! : 0;
  return gauges[GAUGE.writesWaiting]! + gauges[GAUGE.writesUnderWay]! + pushes + (fabric.isClosing ? 1 : 0);
}

function queued(fabrics: readonly RdmaFabric[]): number {
  const streams = fabrics.filter(fabric => transportOf(fabric)?.facts.tellsArrivals === false);
  return streams.length === 0 ? 0 : bytesQueued(streams.map(fabric => portOf(fabric.address)));
}

export function transportOf(fabric: RdmaFabric): LibfabricTransport | undefined {
  return fabric.transports.find(transport => transport instanceof LibfabricTransport);
}
