/**
 * The main module of a process that writes without end, over verbs, to whatever fabric it was told of last: many small pushes,
 * each of which the target is notified of.
 */
import { CAPTURED, type Peer } from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import type { LibfabricTransport } from '../../src/libfabric/libfabric-transport.js';
import { GAUGE } from '../../src/native.js';
import type { RdmaFabric } from '../../src/rdma-fabric.js';
import { drained } from '../libfabric/poll-until.js';
import { fromHex } from '../processes/command.js';
import { VERBS, VERBS_HOST } from './verbs-host.js';

const BYTES = 64;
const PUSHES_PER_TURN = 64;
const MOST_UNDER_WAY = 1000;

const fabric = createFabric(VERBS, { host: VERBS_HOST });
const { gauges } = (fabric as RdmaFabric).transports[0] as LibfabricTransport;
const source = fabric.register(BYTES);
let peer: Peer | undefined;
let batch = new Int32Array(0);

process.on('message', ({ address, key }: { address: string; key: string }) => {
  if (peer !== undefined) fabric.disconnect(peer);
  peer = fabric.connect(fromHex(address), fromHex(key), source);
  batch = Int32Array.of(peer.index, 0, 0, BYTES, CAPTURED);
});
process.once('disconnect', () => process.exit());

function step(): void {
  fabric.poll();
  drained(fabric); // that a target closes is what is wanted
  const underWay = gauges[GAUGE.writesUnderWay]! + gauges[GAUGE.writesWaiting]!;
  if (peer !== undefined && underWay < MOST_UNDER_WAY) {
    for (let i = 0; i < PUSHES_PER_TURN; i++) fabric.push(batch, 1);
  }
  setImmediate(step);
}
step();
