/** Goal: libfabric is looked for when it is asked for; what is wrong with it is said, and loading it changes nothing else in the process. */
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runScript } from '../script.js';
import { describeLibfabric } from './describe-libfabric.js';

describeLibfabric('the library libfabric', () => {
  it('that does not load is a reason with the words of the loader, and the rest goes on without it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bowecho-library-'));
    try {
      writeFileSync(join(folder, 'libfabric.so.1'), 'no library');
      const { said, errors } = runScript(
        `import { availableFabrics, unavailableReason } from '@bowecho/rdma';
         say(availableFabrics());
         for (const name of ['libfabric', 'libfabric-tcp']) say(unavailableReason(name));
         say(codeOf(() => createFabric('libfabric')));
         const words = [];
         createFabric('auto', { host: '10.77.7.7', say: sentence => words.push(sentence) }).close(() => {});
         say(words);`,
        { env: { LD_LIBRARY_PATH: folder } },
      );
      expect(said, errors).to.have.lengthOf(5);
      const [names, libfabric, tcp, code, words] = said as [string[], string, string, string, string[]];
      expect(names).to.deep.equal(['auto', 'shared-memory']);
      const reason =
        /^libfabric cannot be used: the library does not load: .*(file too short|ELF).*; install libfabric1 /;
      expect(libfabric).to.match(reason);
      expect(tcp).to.equal(libfabric);
      expect(code).to.equal(`FABRIC_UNAVAILABLE: the fabric 'libfabric' cannot be used here: ${libfabric}`);
      expect(words).to.deep.equal([
        `only members on this machine can be reached, by shared memory: ${libfabric}`,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is not loaded before somebody asks for a fabric that may need it', () => {
    const { said } = runScript(
      `import { readFileSync } from 'node:fs';
       const isLoaded = () => readFileSync('/proc/self/maps', 'utf8').includes('libfabric.so');
       createFabric('shared-memory').close(() => {});
       createFabric('auto').close(() => {});
       say(isLoaded());
       createFabric('libfabric-tcp').close(() => {});
       say(isLoaded());`,
    );
    expect(said).to.deep.equal([false, true]);
  });

  it('leaves the handlers of signals as they were', () => {
    const { said, errors } = runScript(
      `import { readFileSync } from 'node:fs';
       const handlers = () => readFileSync('/proc/self/status', 'utf8').match(/^Sig(Ign|Cgt):.*$/gm);
       process.on('SIGINT', () => {});
       const before = handlers();
       createFabric('libfabric-tcp').close(() => {});
       say(handlers().join() === before.join());
       // Node's own handler of SIGSEGV makes this an exception: one page of memory, read at its end.
       const bytes = '0061736d0100000001060160017f017f030201000503010001070501016600000a0901070020002802000b';
       const { f } = new WebAssembly.Instance(new WebAssembly.Module(fromHex(bytes))).exports;
       say(codeOf(() => f(2 ** 30)));
       process.once('SIGTERM', () => { say('asked to end'); process.kill(process.pid, 'SIGTERM'); });
       process.kill(process.pid, 'SIGTERM');
       setInterval(() => {}, 1000);`,
      { args: [] },
    );
    expect(said, errors).to.deep.equal([true, 'undefined: memory access out of bounds', 'asked to end']);
  });
});
