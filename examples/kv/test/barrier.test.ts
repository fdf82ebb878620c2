/** A barrier with real members of one process: all come, or those who do not come leave, and nobody waits for them. */
import { setImmediate } from 'node:timers/promises';
import { createCluster } from '@bowecho/actors';
import { expect } from 'chai';
import { Barrier, meet } from '../src/barrier.js';

describe('a barrier', () => {
  it('holds members until the last one has come, and waits for none that leaves', async () => {
    const seeds = ['barrier-n1', 'barrier-n2', 'barrier-n3'];
    const [first, second, third] = await Promise.all(
      seeds.map(id => createCluster({ id, seeds, fabric: 'in-process', actors: [Barrier], log: false })),
    );
    await Promise.all([first!.whenReady(), second!.whenReady(), third!.whenReady()]);
    const passed: string[] = [];
    const come = async (member: typeof first, name: string): Promise<void> => {
      await meet(member!, name);
      passed.push(`${member!.id} ${name}`);
    };

    const early = [come(first, 'start'), come(second, 'start')];
    while (!(await third!.get(Barrier, 'start').haveArrived(seeds.slice(0, 2)))) await setImmediate();
    expect(passed).to.deep.equal([]);
    await Promise.all([...early, come(third, 'start')]);
    expect(passed).to.have.lengthOf(3);

    const late = [come(first, 'end'), come(second, 'end')];
    await third!.close();
    await Promise.all(late);
    expect(first!.view?.members).to.deep.equal(seeds.slice(0, 2));
    await Promise.all([first!.close(), second!.close()]);
  });
});
