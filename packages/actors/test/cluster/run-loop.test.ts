/** The run loop on a clock-free node: one chain of links however often it is woken, and no wake-up lost. */
import { RunLoop } from '@bowecho/actors';
import type { Fabric } from '@bowecho/core';
import { expect } from 'chai';

/** A fabric that says when somebody rests on it. */
function restingPlace(): { fabric: Fabric; rested: () => Promise<void> } {
  let onRest: (() => void) | undefined;
  const arm = (): boolean => {
    onRest?.();
    return true;
  };
  return {
    fabric: { arm, yieldProcessor: () => undefined } as Partial<Fabric> as Fabric,
    rested: () => new Promise(resolve => (onRest = resolve)),
  };
}

describe('run loop', () => {
  it('stays one chain when steps wake it', async () => {
    const place = restingPlace();
    let steps = 0;
    const loop = new RunLoop(
      {
        doWork: () => {
          if (++steps <= 100) loop.wake();
          return 0;
        },
        nextDeadline: Infinity,
        deliveriesPerTurn: 1,
      },
      place.fabric,
      error => expect.fail(String(error)),
    );
    loop.wake();
    await place.rested();
    const links = process.getActiveResourcesInfo().filter(resource => resource === 'Immediate');
    expect(links).to.deep.equal([]); // another chain would go on
    loop.stop();
    expect(steps).to.be.greaterThan(100);
  });

  it('works again after a wake in the very step that found nothing', async () => {
    const place = restingPlace();
    let queued = 0;
    let done = 0;
    const loop = new RunLoop(
      {
        doWork: () => {
          const work = queued;
          done += queued;
          queued = 0;
          return work;
        },
        nextDeadline: Infinity,
        deliveriesPerTurn: 1,
      },
      place.fabric,
      error => expect.fail(String(error)),
    );
    for (let i = 1; i <= 200; i++) {
      // Woken at every distance from rest.
      queued = 1;
      loop.wake();
      for (let wait = i % 14; wait > 0; wait--) await new Promise(resolve => setImmediate(resolve));
    }
    await place.rested();
    expect(done + queued).to.be.at.most(200);
    expect(queued).to.equal(0);
    loop.stop();
  });

  it('stops at an error and says so', async () => {
    const errors: unknown[] = [];
    const loop = new RunLoop(
      {
        doWork: () => {
          throw new Error('broken');
        },
        nextDeadline: Infinity,
        deliveriesPerTurn: 1,
      },
      restingPlace().fabric,
      error => errors.push(error),
    );
    loop.wake();
    await new Promise(resolve => setTimeout(resolve));
    loop.wake();
    await new Promise(resolve => setTimeout(resolve));
    expect(errors.map(String)).to.deep.equal(['Error: broken']);
  });

  it('asks for fewer deliveries while steps are long, and never for none', async () => {
    const place = restingPlace();
    const asked: number[] = [];
    const driven = {
      doWork(): number {
        asked.push(driven.deliveriesPerTurn);
        for (const end = performance.now() + 6; performance.now() < end;);
        return asked.length < 8 ? 1 : 0;
      },
      nextDeadline: Infinity,
      deliveriesPerTurn: 2048,
    };
    const loop = new RunLoop(driven, place.fabric, error => expect.fail(String(error)));
    loop.wake();
    await place.rested();
    loop.stop();
    expect(asked.slice(0, 8)).to.deep.equal([32, 16, 8, 4, 2, 1, 1, 1]);
  });
});
