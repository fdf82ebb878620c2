/**
 * A short soak with real processes: members are killed and stopped, and nothing is lost, doubled or out of order; with a bug
 * planted into them it says so.
 */
import { fabricProblem } from '@bowecho/actors/local';
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOAK = fileURLToPath(new URL('../../src/conductor/main.js', import.meta.url));
const PLANT = new URL('./plant-mutant.js', import.meta.url).href;

interface Ended {
  readonly status: number | string | undefined;
  readonly lines: readonly string[];
}

function soak(args: readonly string[], mutant?: string): Promise<Ended> {
  const planted = mutant === undefined ? [] : ['--import', PLANT];
  const env = { ...process.env, BOWECHO_SOAK_MUTANT: mutant ?? '' };
  return new Promise(resolve => {
    const command = [...planted, SOAK, ...args, '--minutes', '1'];
    execFile(process.execPath, command, { env }, (error, stdout) =>
      resolve({ status: error === null ? 0 : (error.code ?? undefined), lines: stdout.trim().split('\n') }),
    );
  });
}

describe('npm run soak', function () {
  this.timeout(120_000);

  before(async function () {
    if ((await fabricProblem('auto')) !== undefined) this.skip();
  });

  it('kills and pauses members, and finds nothing wrong', async () => {
    const { status, lines } = await soak(['--kills', '3', '--pauses', '1', '--seed', 'slow-1']);
    const last = lines.at(-1)!;
    expect(last).to.match(/^kills 3, pauses 1 /);
    expect(last).to.match(/commands acknowledged [1-9]/);
    expect(last).to.include('lost 0, doubled 0, stale reads 0 of ');
    expect(last).to.include('troubles 0');
    expect(status).to.equal(0);
  });

  it('finds that members deliver before all have a message, keeps what it saw, and judges it again', async () => {
    const { status, lines } = await soak(['--kills', '3', '--seed', 'slow-2'], 'delivers before stable');
    const kept = lines.flatMap(line => line.match(/^to be looked at: (.*)$/)?.[1] ?? []);
    try {
      expect(status).to.equal(1);
      expect(kept).to.have.lengthOf.above(0);
      expect(lines.at(-1)).to.match(/misplaced [1-9]/);
      const again = await soak(['--check', kept[0]!]);
      expect(again.status).to.equal(1);
      expect(again.lines.at(-1)).to.match(/problems [1-9]/);
    } finally {
      for (const folder of kept) if (existsSync(folder)) rmSync(dirname(folder), { recursive: true });
    }
  });
});
