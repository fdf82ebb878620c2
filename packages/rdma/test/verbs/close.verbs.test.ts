/**
 * Goal: a fabric can be closed while others write to it over verbs, and its process lives on. ofi_rxm ends it by a bad access where
 * that is not prepared for (native/libfabric/open-endpoint.cc), so who closes is a process of its own here.
 *
 * Those who write may meet the same mistake of ofi_rxm, and nothing can be prepared there (docs/fabrics.md). It takes a moment
 * that an emulated processor makes long: seen in 4 of some 160 closes, on a busy machine. Such a writer has a successor.
 */
import { expect } from 'chai';
import { runScript } from '../script.js';
import { VERBS, VERBS_HOST } from './verbs-host.js';

const FLOOD = new URL('./flood.js', import.meta.url).pathname;
const TIMES = 8;
/** So many pushes have come, and more are on their way. */
const PUSHES = 300;
/** More writers than that do not die of a rare mistake. */
const MOST_DEATHS = 3;

const CLOSE = `
import { fork } from 'node:child_process';
let deaths = 0;
let place;
const writers = [];
function startWriter(i) {
  const writer = fork(${JSON.stringify(FLOOD)}, { execArgv: [] });
  writers[i] = writer.on('error', () => {}); // its exit tells more
  writer.once('exit', (status, signal) => {
    if (isOver) return;
    if (signal !== 'SIGSEGV' || ++deaths > ${MOST_DEATHS}) throw new Error('a writer ended: ' + (signal ?? 'status ' + status));
    startWriter(i);
    writers[i].send(place);
  });
}
let isOver = false;
[0, 1].forEach(startWriter);
for (let time = 0; time < ${TIMES}; time++) {
  const fabric = createFabric('${VERBS}', { host: '${VERBS_HOST}' });
  const target = fabric.register(64);
  place = { address: hex(fabric.address), key: hex(target.key) };
  for (const writer of writers) writer.send(place);
  for (let pushes = 0; pushes < ${PUSHES}; ) {
    pushes += fabric.poll();
    await new Promise(resolve => setImmediate(resolve));
  }
  await new Promise(resolve => fabric.close(resolve));
}
say('closed');
isOver = true;
for (const writer of writers) writer.disconnect();
`;

describe('a fabric over verbs', () => {
  it(`is closed while others write to it, ${TIMES} times`, () => {
    const end = runScript(CLOSE, { through: ['timeout', '120'] });
    expect(end).to.deep.equal({ status: 0, signal: null, said: ['closed'], errors: '' });
  });
});
