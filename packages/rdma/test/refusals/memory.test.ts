/** Goal: memory that the system will not give is an error with the bytes and the system's words, and leaves nothing. */
import { BowechoError } from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import { holdings } from '../holdings.js';
import { runScript } from '../script.js';
import { describeSharedMemory } from '../describe-shared-memory.js';

describeSharedMemory('memory that is refused', () => {
  it('is refused in absurd amounts before the kernel begins to look for it', () => {
    const fabric = createFabric('shared-memory');
    const before = holdings();
    for (const bytes of [2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      expect(() => fabric.register(bytes), `${bytes} bytes`)
        .to.throw(BowechoError, `${bytes} bytes of shared memory were asked for`)
        .with.property('code', 'MEMORY_UNAVAILABLE');
    }
    for (const bytes of [-1, 1.5, NaN, Infinity]) {
      expect(() => fabric.register(bytes), `${bytes} bytes`)
        .to.throw(`a region of ${bytes} bytes`)
        .with.property('code', 'ASSERTION');
    }
    expect(holdings()).to.deep.equal(before);
    fabric.close(() => {});
  });

  it('may be none at all', () => {
    const fabric = createFabric('shared-memory');
    expect(fabric.register(0).memory.byteLength).to.equal(0);
    fabric.close(() => {});
  });

  it('is refused beyond the limit of file sizes, and no signal ends the process', () => {
    const { status, signal, said } = runScript(
      `
      process.on('SIGXFSZ', () => say('SIGXFSZ'));
      const fabric = createFabric('shared-memory');
      const before = countDescriptors();
      const refused = codeOf(() => fabric.register(1 << 20));
      const more = countDescriptors() - before;
      say(refused);
      say(more);
      say(fabric.register(8192).memory.byteLength);
      `,
      { limit: 'ulimit -f 32' },
    );
    expect({ status, signal }).to.deep.equal({ status: 0, signal: null });
    expect(said[0]).to.match(/^MEMORY_UNAVAILABLE: 1048576 bytes .*file too large.*EFBIG.*ulimit -f/);
    expect(said.slice(1)).to.deep.equal([0, 8192]);
  });

  it('is refused when no descriptor is left, for each thing that needs one, and all is undone', () => {
    const { status, said, errors } = runScript(
      `
      import { openSync, closeSync } from 'node:fs';
      const a = createFabric('shared-memory'), b = createFabric('shared-memory');
      const source = a.register(64), target = b.register(64);
      const fill = free => {
        const taken = [];
        try { for (;;) taken.push(openSync('/dev/null')); }
        catch (error) { if (error.code !== 'EMFILE') throw error; } // all are taken, as is meant
        for (let i = 0; i < free; i++) closeSync(taken.pop());
        return () => taken.forEach(closeSync);
      };
      // Each attempt is made with one more descriptor free, until it succeeds. What failed must have given back its own.
      const attempts = { register: () => a.register(64).close(), create: () => createFabric('shared-memory').close(() => {}),
        connect: () => a.disconnect(a.connect(b.address, target.key, source)) };
      for (const [name, attempt] of Object.entries(attempts)) {
        const before = countDescriptors();
        const codes = new Set();
        for (let free = 0; free < 10; free++) {
          const release = fill(free);
          const code = codeOf(attempt);
          release();
          codes.add(code.replace(/\\d+ /g, '').replace(/\\(.*, /, '('));
          if (code === 'none') break;
        }
        say([name, [...codes], countDescriptors() - before]);
      }
      `,
      { limit: 'ulimit -n 80' },
    );
    expect(status, errors).to.equal(0);
    const refused = 'MEMORY_UNAVAILABLE: bytes of shared memory are refused: too many open files (EMFILE); ';
    const mine = `${refused}this process has no file descriptors left: raise \`ulimit -n\``;
    const theirs =
      'PEER_UNREACHABLE: process cannot be opened: this process has no file descriptors left; raise `ulimit -n` (EMFILE)';
    expect(said).to.deep.equal([
      ['register', [mine, 'none'], 0],
      ['create', [mine, 'none'], 0],
      ['connect', [theirs, 'none'], 0],
    ]);
  });
});
