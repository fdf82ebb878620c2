/**
 * Goal: who calls a handler that uses a clock hears which, and that nothing happened; the log of a handler may use one.
 * Method: two members in one process, with the guard, without it, and one of each.
 */
import { expect } from 'chai';
import { pino } from 'pino';
import { Writable } from 'node:stream';
import {
  BowechoError,
  Command,
  Query,
  Replicated,
  createCluster,
  ctx,
  type Cluster,
  type ClusterConfig,
} from '@bowecho/actors';

@Replicated({ name: 'late-riser' })
class LateRiser {
  private readonly wakings: number[] = [];

  @Command() wakeAt(ms: number): number {
    return this.wakings.push(ms);
  }

  @Command() wake(): number {
    this.wakings.push(0);
    this.wakings[0] = Date.now();
    return this.wakings.length;
  }

  @Command() yawn(at: Date): number {
    ctx.log.info({ at }, 'yawns');
    return ctx.now().getTime() - new Date(ctx.now()).getTime();
  }

  @Query() asleepFor(): number {
    return Date.now() - (this.wakings.at(-1) ?? 0);
  }

  @Query() count(): number {
    return this.wakings.length;
  }
}

@Replicated({ name: 'newborn' })
class Newborn {
  private age = 0;
  private readonly born = new Date(2026, 0, 1);

  @Command() grow(): number {
    return (this.age += this.born.getDate());
  }
}

@Replicated({ name: 'time-stamped' })
class TimeStamped {
  private readonly madeAt = Date.now();

  @Command() touch(): number {
    return this.madeAt;
  }
}

type Told = Partial<ClusterConfig>;

async function group(...told: Told[]): Promise<Cluster[]> {
  const seeds = told.map((_, i) => `guarded-${i}`);
  const actors = [LateRiser, Newborn, TimeStamped];
  const clusters = await Promise.all(
    told.map((each, i) =>
      createCluster({ id: seeds[i]!, seeds, fabric: 'in-process', actors, log: false, ...each }),
    ),
  );
  try {
    await Promise.all(clusters.map(cluster => cluster.whenReady()));
  } catch (error) {
    await closeAll(clusters);
    throw error;
  }
  return clusters;
}

async function closeAll(clusters: readonly Cluster[]): Promise<void> {
  await Promise.all(clusters.map(cluster => cluster.close()));
}

async function failure(call: Promise<unknown>): Promise<BowechoError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BowechoError) return error;
  throw new Error(`expected a BowechoError, got ${String(error)}`);
}

describe('guarded commands', () => {
  const OriginalDate = Date;
  afterEach(() => expect(Date).to.equal(OriginalDate));

  it('fail as NONDETERMINISTIC by default, and change nothing; so do queries', async () => {
    const clusters = await group({}, {});
    const riser = clusters[0]!.get(LateRiser, 'ann');
    await riser.wakeAt(7);
    const error = await failure(riser.wake());
    expect(error).to.include({ code: 'NONDETERMINISTIC', didExecute: 'no' });
    expect(error.message).to.match(/^Date\.now\(\) was used in a handler, .*: use ctx\.now\(\)/);
    expect(await riser.$all.count()).to.deep.equal(new Map(clusters.map(({ id }) => [id, 1])));
    expect((await failure(riser.asleepFor())).code).to.equal('NONDETERMINISTIC');
    expect(Date.now()).to.be.a('number');
    await closeAll(clusters);
  });

  it('may not make an actor that is younger at one replica than at the other', async () => {
    const clusters = await group({}, {});
    const error = await failure(clusters[0]!.get(TimeStamped, 'k').touch());
    expect(error).to.include({ code: 'NONDETERMINISTIC', didExecute: 'no' });
    expect(error.message).to.match(/^Date\.now\(\) was used while an actor was made/);
    expect(clusters[1]!.keys(TimeStamped)).to.deep.equal([]);
    expect(await clusters[0]!.get(Newborn, 'k').grow()).to.equal(1);
    await closeAll(clusters);
  });

  it('may log, though a logger asks the clock, and use dates that they were given', async () => {
    const lines: string[] = [];
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    const clusters = await group({ log: pino({ level: 'info' }, stream) }, {});
    expect(await clusters[0]!.get(LateRiser, 'ann').yawn(new Date(5))).to.equal(0);
    expect(lines.filter(line => line.includes('yawns'))).to.have.lengthOf(1);
    await closeAll(clusters);
  });

  it('do as they like without the guard', async () => {
    const clusters = await group({ determinismGuard: false }, { determinismGuard: false });
    expect(await clusters[0]!.get(LateRiser, 'ann').wake()).to.equal(1);
    expect(Date).to.equal(OriginalDate);
    await closeAll(clusters);
  });

  it('are guarded at all members or at none', async () => {
    const error = await failure(group({ determinismGuard: true }, { determinismGuard: false }));
    expect(error.code).to.equal('CONFIG_INVALID');
    expect(error.message).to.match(/has determinismGuard (true|false), this member (true|false)/);
  });

  it('take dates as arguments, of classes that were written while the guard was up', async () => {
    const first = await group({}, {});
    @Replicated({ name: 'calendar' })
    class Calendar {
      private readonly days = new Map<string, Date>();
      @Command() mark(name: string, day: Date): Date {
        this.days.set(name, day);
        return day;
      }
    }
    await closeAll(first);
    await using cluster = await createCluster({
      id: 'c',
      seeds: ['c'],
      fabric: 'in-process',
      actors: [Calendar],
      log: false,
    });
    await cluster.whenReady();
    expect(await cluster.get(Calendar, 'k').mark('x', new Date(5))).to.deep.equal(new Date(5));
    await cluster.close();
  });
});
