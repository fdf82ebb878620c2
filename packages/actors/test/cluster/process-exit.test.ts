/**
 * A process ends by itself when its cluster has nothing to do or has failed: no timer, listener or loop stays behind.
 * Each case is a process of its own; one that does not end in time is killed, and the test fails.
 */
import { execFile } from 'node:child_process';
import { expect } from 'chai';

const INDEX = new URL('../../src/index.js', import.meta.url).href;

const PRELUDE = `
  import { createCluster, defineActor } from ${JSON.stringify(INDEX)};
  const Counter = defineActor({
    name: 'counter', state: () => ({ value: 0 }), commands: { add: state => ++state.value },
  });
  const Other = defineActor({
    name: 'counter', version: 2, state: () => ({ value: 0 }), commands: { add: state => ++state.value },
  });
  const join = (id, seeds, more = {}) => createCluster({
    id, seeds, fabric: 'in-process', actors: [Counter], log: false, ringBytes: 65536, ...more,
  });
  const code = promise => promise.then(() => 'fine', error => error.code);
`;

const CASES: readonly (readonly [what: string, script: string, output: string])[] = [
  [
    'an idle cluster, though a call with a long timeout was answered',
    `const a = await join('a', ['a']);
     console.log(await a.get(Counter, 'c').$with({ timeout: 3_600_000 }).add());`,
    '1',
  ],
  [
    'a cluster that was closed twice, with calls under way',
    `const [a, b] = await Promise.all([join('a', ['a', 'b']), join('b', ['a', 'b'])]);
     await Promise.all([a.whenReady(), b.whenReady()]);
     const calls = [a, b].map(each => each.get(Counter, 'c').add());
     await Promise.all([a.close(), a.close(), b.close()]);
     console.log((await Promise.all(calls)).sort().join());`,
    '1,2',
  ],
  [
    'a cluster that is closed while it waits for founders',
    `const a = await join('a', ['a', 'b']);
     const call = code(a.get(Counter, 'c').$with({ timeout: 3_600_000 }).add());
     await a.close();
     console.log(await call, await code(a.whenReady()));`,
    'CLOSED CLOSED',
  ],
  [
    'founders of whom one does not fit',
    `const seeds = ['a', 'b', 'c'];
     const group = await Promise.all([join('a', seeds), join('b', seeds, { actors: [Other] }), join('c', seeds)]);
     console.log((await Promise.all(group.map(each => code(each.whenReady())))).join());`,
    'ACTOR_MISMATCH,ACTOR_MISMATCH,ACTOR_MISMATCH',
  ],
  [
    'a founder that waited in vain',
    `const a = await join('a', ['a', 'b'], { bootstrapTimeout: 20 });
     console.log(await code(a.whenReady()));`,
    'BOOTSTRAP_TIMEOUT',
  ],
];

describe('a process ends by itself after', () => {
  for (const [what, script, output] of CASES) {
    it(what, async () => {
      const args = ['--unhandled-rejections=strict', '--input-type=module', '--eval', PRELUDE + script];
      const printed = await new Promise<string>((resolve, reject) => {
        execFile(process.execPath, args, { timeout: 15_000 }, (error, stdout, stderr) => {
          if (error === null) resolve(stdout.trim());
          else
            reject(new Error(`${error.killed === true ? 'it had to be killed' : error.message}\n${stderr}`));
        });
      });
      expect(printed).to.equal(output);
    });
  }
});
