/**
 * Goal: a fabric can be closed while others write to it over verbs, and its process lives on. ofi_rxm ends it by a bad access where
 * that is not prepared for (native/libfabric/open-endpoint.cc), so who closes is a process of its own here.
 */
import { expect } from 'chai';
import { runScript } from '../script.js';
import { VERBS, VERBS_HOST } from './verbs-host.js';

const FLOOD = new URL('./flood.js', import.meta.url).pathname;
const TIMES = 8;
/** So many pushes have come, and more are on their way. */
const PUSHES = 300;

const CLOSE = `
import { fork } from 'node:child_process';
const writers = [0, 1].map(() => fork(${JSON.stringify(FLOOD)}, { execArgv: [] }));
const died = (status, signal) => { throw new Error('a writer ended: ' + (signal ?? 'status ' + status)); };
for (const writer of writers) writer.once('exit', died).on('error', () => {}); // the exit tells more
for (let time = 0; time < ${TIMES}; time++) {
  const fabric = createFabric('${VERBS}', { host: '${VERBS_HOST}' });
  const target = fabric.register(64);
  for (const writer of writers) writer.send({ address: hex(fabric.address), key: hex(target.key) });
  for (let pushes = 0; pushes < ${PUSHES}; ) {
    pushes += fabric.poll();
    await new Promise(resolve => setImmediate(resolve));
  }
  await new Promise(resolve => fabric.close(resolve));
}
say('closed');
for (const writer of writers) writer.off('exit', died).disconnect();
`;

describe('a fabric over verbs', () => {
  it(`is closed while others write to it, ${TIMES} times`, () => {
    const end = runScript(CLOSE, { through: ['timeout', '120'] });
    expect(end).to.deep.equal({ status: 0, signal: null, said: ['closed'], errors: '' });
  });
});
