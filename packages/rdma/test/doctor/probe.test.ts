/** Goal: a probe measures what works, says what does not, and leaves nothing behind in any case. */
import { BowechoError } from '@bowecho/core';
import { availableFabrics, probeFabric, type ProbeOptions } from '@bowecho/rdma';
import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeSharedMemory } from '../describe-shared-memory.js';

const SHM = '/dev/shm';

/** What each process of a probe does before anything else: it leaves its number in the folder, and then what is asked of it. */
const PRELOAD = `
  import { writeFileSync } from 'node:fs';
  const [, main, task] = process.argv;
  if (main.endsWith('probe-process.js')) {
    const { role } = JSON.parse(task);
    writeFileSync(new URL(role, import.meta.url), String(process.pid));
    if (role === 'pong') {
      const [verb, detail] = process.env.BOWECHO_TEST_PONG.split(':');
      if (verb === 'kill') process.kill(process.pid, detail);
      if (verb === 'exit') { console.error('out of', 'luck'); process.exit(Number(detail)); }
      if (verb === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      if (verb === 'killLater') process.on('message', () => setImmediate(() => process.kill(process.pid, detail)));
    }
  }`;

/** What that process left of libfabric's shared memory. */
function segmentsOf(pid: number): string[] {
  return readdirSync(SHM).filter(name => name.startsWith(`${pid}:`));
}

async function refusalOf(attempt: Promise<unknown>): Promise<BowechoError> {
  const error: unknown = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(BowechoError).with.property('code', 'FABRIC_UNAVAILABLE');
  return error as BowechoError;
}

describe('a probe of what is none', () => {
  it('says so', async () => {
    const { message } = await refusalOf(probeFabric('carrier-pigeon'));
    expect(message).to.match(
      /^the probe of fabric 'carrier-pigeon' ended: the fabric 'carrier-pigeon' cannot be used/,
    );
  });
});

describeSharedMemory('a probe', () => {
  for (const name of availableFabrics()) {
    it(`measures ${name}`, async () => {
      const { roundTripMicros, bytesPerSecond } = await probeFabric(name, { seconds: 0.01 });
      expect(roundTripMicros.p50).to.be.above(0);
      expect(roundTripMicros.p99).to.be.at.least(roundTripMicros.p50);
      expect(bytesPerSecond).to.be.above(0);
    });
  }

  describe('one of whose processes', () => {
    let folder: string;
    const { NODE_OPTIONS: options } = process.env;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'bowecho-probe-'));
      const preload = join(folder, 'preload.mjs');
      writeFileSync(preload, PRELOAD);
      process.env.NODE_OPTIONS = `${options ?? ''} --import ${pathToFileURL(preload).href}`;
    });
    afterEach(() => {
      if (options === undefined) delete process.env.NODE_OPTIONS;
      else process.env.NODE_OPTIONS = options;
      delete process.env.BOWECHO_TEST_PONG;
      try {
        for (const role of ['ping', 'pong'].filter(each => existsSync(join(folder, each)))) {
          const pid = Number(readFileSync(join(folder, role), 'utf8'));
          expect(() => process.kill(pid, 0), role).to.throw('ESRCH');
          expect(segmentsOf(pid), role).to.deep.equal([]);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    const probe = (pong: string, options: ProbeOptions = {}): Promise<unknown> => {
      process.env.BOWECHO_TEST_PONG = pong;
      return probeFabric('shared-memory', { seconds: 0.01, ...options });
    };

    for (const [what, pong, words] of [
      ['crashes at the start', 'kill:SIGSEGV', /ended: one of its processes was ended by SIGSEGV$/],
      [
        'ends with words',
        'exit:3',
        /ended: one of its processes ended with status 3, and had written: out of luck$/,
      ],
      ['is killed on the way', 'killLater:SIGKILL', /ended: one of its processes was ended by SIGKILL$/],
    ] as const) {
      it(`${what} is refused with how that was`, async () => {
        expect((await refusalOf(probe(pong, { seconds: 1 }))).message).to.match(words);
      });
    }

    it('hangs is refused, and the process killed', async () => {
      const { message } = await refusalOf(probe('hang', { timeoutMs: 100 }));
      expect(message).to.match(/ended: its two processes were not done within 0.12 seconds$/);
    });

    it('hangs is killed when nobody wants the probe any more', async () => {
      const wish = new AbortController();
      const probing = probe('hang', { signal: wish.signal }).catch((error: unknown) => error);
      const reason = new Error('enough');
      wish.abort(reason);
      expect(await probing).to.equal(reason);
    });
  });

  for (const name of availableFabrics().filter(each => each === 'libfabric-shm')) {
    it(`of ${name} leaves no segment behind where it is ended early`, async () => {
      const before = new Set(readdirSync(SHM));
      const added = (): string[] => readdirSync(SHM).filter(segment => !before.has(segment));
      const wish = new AbortController();
      const probing = probeFabric(name, { seconds: 60, signal: wish.signal }).catch(
        (error: unknown) => error,
      );
      while (added().length < 2) await new Promise(resolve => setImmediate(resolve));
      const pids = added().map(segment => Number.parseInt(segment, 10));
      wish.abort(new Error('enough'));
      expect(await probing).to.equal(wish.signal.reason);
      expect(pids.flatMap(segmentsOf)).to.deep.equal([]);
    });
  }

  it('that is not wanted is not begun', async () => {
    const reason = new Error('enough');
    const error: unknown = await probeFabric('shared-memory', { signal: AbortSignal.abort(reason) }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.equal(reason);
  });
});
