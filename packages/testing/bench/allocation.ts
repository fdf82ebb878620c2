/**
 * `allocation`: bytes of JavaScript heap per raw ordered message and member, from V8's sampling heap profiler, counting
 * what the garbage collector has already taken. The floor is 1 byte: nothing that grows with the number of messages.
 */
import { Session } from 'node:inspector/promises';
import { everywhere } from '@bowecho/testing';
import { createGroup, pump } from './in-process-group.js';
import { costResult, type Result } from './report.js';

interface ProfileNode {
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly selfSize: number;
  readonly children: readonly ProfileNode[];
}

const NODES = 3;
const TURNS = 4000;
const BATCH = 64;

export async function benchAllocation(size: number): Promise<Result[]> {
  const group = createGroup(NODES, [everywhere(NODES)], 4 * 1024 * 1024);
  const payload = new Uint8Array(size).fill(1);
  pump(group, NODES, payload, BATCH, TURNS);
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 4096,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  const messages = pump(group, NODES, payload, BATCH, TURNS);
  const { profile } = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  const byFunction = sizesByFunction(profile.head);
  for (const [name, bytes] of [...byFunction].sort(([, a], [, b]) => b - a).slice(0, 5)) {
    console.log(`allocation: ${(bytes / messages / NODES).toFixed(3)} bytes a message and member in ${name}`);
  }
  const total = [...byFunction.values()].reduce((sum, bytes) => sum + bytes, 0);
  const value = total / messages / NODES;
  return [
    costResult({
      case: 'allocation',
      fabric: 'in-process',
      size,
      senders: 'all',
      value,
      unit: 'bytes/message',
      floor: 1,
      against: '1 byte',
    }),
  ];
}

function sizesByFunction(node: ProfileNode, into = new Map<string, number>()): Map<string, number> {
  const { functionName, url } = node.callFrame;
  const name = `${functionName || '(anonymous)'} ${url.split('/').slice(-2).join('/')}`.trim();
  if (node.selfSize > 0) into.set(name, (into.get(name) ?? 0) + node.selfSize);
  for (const child of node.children) sizesByFunction(child, into);
  return into;
}
