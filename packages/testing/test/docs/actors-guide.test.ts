/**
 * The code of docs/actors.md, as it runs. Every code block of the guide is a part of this file, which
 * tidy/actors-guide.test.ts checks: so the guide shows nothing that does not compile, and nothing that does not hold.
 */
import { BowechoError, createCluster, defineActor, type Ref, type View } from '@bowecho/actors';
import { simulate } from '@bowecho/testing';
import { expect } from 'chai';
import { z } from 'zod';
import { ActorError, Command, Query, Replicated, Value, ctx } from '@bowecho/actors';

@Value({ name: 'price', version: 1 })
class Price {
  constructor(
    readonly cents: bigint,
    readonly currency: string,
  ) {}
}

@Replicated({ name: 'box-office' })
class BoxOffice {
  private seats = new Map<string, { ticket: string; owner: string; soldAt: Date }>();
  private takings = 0n;

  @Command() sell(seat: string, owner: string, price: Price): string {
    this.takings += price.cents;
    const sold = this.seats.get(seat);
    if (sold) throw new ActorError('TAKEN', `seat ${seat} is taken`, { since: sold.soldAt });
    const ticket = ctx.id();
    this.seats.set(seat, { ticket, owner, soldAt: ctx.now() });
    return ticket;
  }

  @Query() sold(): number {
    return this.seats.size;
  }

  @Query() total(): bigint {
    return this.takings;
  }
}

const Turnstile = defineActor({
  name: 'turnstile',
  state: () => ({ inside: 0 }),
  commands: {
    enter(state, people: number) {
      return (state.inside += people);
    },
  },
  queries: {
    count: state => state.inside,
  },
  args: { enter: [Number] },
});

@Replicated({ name: 'guest-list' })
class GuestList {
  private guests = new Map<string, number>();

  @Command({ args: [z.string().trim().min(1), z.number().int().positive()] })
  add(name: string, people: number): number {
    this.guests.set(name, people);
    return this.guests.size;
  }

  @Query() names(): string[] {
    return [...this.guests.keys()];
  }
}

@Replicated({ name: 'session', shards: 16, replicas: 2 })
class Session {
  private touches = 0;

  @Command() touch(): number {
    return (this.touches += 1);
  }

  @Command() end(): void {
    ctx.destroy();
  }
}

@Replicated({
  name: 'ledger',
  shards: 2,
  placement: ({ held, free, maxReplicas }) =>
    held.map((holders, shard) => {
      const spread = free.map((_, i) => free[(i + shard) % free.length]!);
      return [...new Set([...holders, ...spread])].slice(0, Math.max(maxReplicas, holders.length));
    }),
})
class Ledger {
  private entries = 0;
  @Command() add(): number {
    return ++this.entries;
  }
}

@Replicated({ name: 'roster' })
class Roster {
  private present: string[] = [];
  private notes: string[] = [];

  @Command() note(text: string): number {
    return this.notes.push(text);
  }

  @Query() members(): string[] {
    return this.present;
  }

  onViewChange(view: View): void {
    this.present = [...view.members];
  }
}

async function sellOrSay(office: Ref<BoxOffice>, seat: string, owner: string): Promise<string> {
  try {
    return await office.sell(seat, owner, new Price(4200n, 'EUR'));
  } catch (error) {
    if (error instanceof ActorError && error.code === 'TAKEN') return error.message;
    if (error instanceof BowechoError && error.didExecute === 'no') return 'not sold; ask again';
    throw error;
  }
}

async function sellOnce(office: Ref<BoxOffice>, seat: string, request: string): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      const once = office.$with({ idempotencyKey: request });
      return await once.sell(seat, 'ann', new Price(4200n, 'EUR'));
    } catch (error) {
      if (!(error instanceof BowechoError && error.code === 'TIMEOUT' && tries < 5)) throw error;
    }
  }
}

describe('the guide to actors', () => {
  it('starts members and calls an actor', async () => {
    const seeds = ['n1', 'n2', 'n3'];
    const members = await Promise.all(
      seeds.map(id => createCluster({ id, seeds, fabric: 'in-process', actors: [BoxOffice] })),
    );
    const office = members[0]!.get(BoxOffice, 'friday');
    const ticket = await office.sell('A1', 'ann', new Price(4200n, 'EUR'));

    expect(ticket).to.be.a('string');
    for (const member of members) expect(await member.get(BoxOffice, 'friday').sold()).to.equal(1);
    await Promise.all(members.map(member => member.close()));
  });

  it('defines an actor without decorators', async () => {
    using sim = simulate({ actors: [Turnstile], seed: 1 });
    await sim.get(Turnstile, 'north').enter(3);
    expect(await sim.get(Turnstile, 'north').count()).to.equal(3);
  });

  it('checks arguments at the caller, and sends what the schema made of them', async () => {
    using sim = simulate({ actors: [GuestList], seed: 1 });
    const list = sim.get(GuestList, 'friday');
    await list.add('  ann ', 2);
    expect(await list.names()).to.deep.equal(['ann']);
    const failure = await list.add('', 2).catch((error: unknown) => error);
    expect(failure).to.include({ code: 'ARGUMENT_INVALID', didExecute: 'no' });
  });

  it('makes an instance per key, until it is destroyed', async () => {
    using sim = simulate({ actors: [Session], seed: 1 });
    const session = sim.get(Session, ['eu', 'ann']);
    await session.touch();
    await session.end();
    expect(await session.touch()).to.equal(1);
  });

  it('places replicas by a function', async () => {
    using sim = simulate({ actors: [Ledger], seed: 1, nodes: 4 });
    expect(await sim.get(Ledger, 'all').add()).to.equal(1);
    const [first] = sim.world.members;
    expect(first!.view.sets.map(({ shards, replicas }) => [shards, replicas])).to.deep.equal([
      [[0], [0, 1, 2]],
      [[1], [1, 2, 3]],
    ]);
  });

  it('reads what was answered before, or what is here', async () => {
    using sim = simulate({ actors: [BoxOffice], seed: 1 });
    const office = sim.get(BoxOffice, 'friday', { node: 0 });
    await office.sell('A1', 'ann', new Price(4200n, 'EUR'));

    const elsewhere = sim.get(BoxOffice, 'friday', { node: 2 });
    expect(await elsewhere.sold()).to.equal(1);
    expect(await elsewhere.$with({ read: 'local' }).sold()).to.be.oneOf([0, 1]);
  });

  it('undoes what a handler did before it threw', async () => {
    using sim = simulate({ actors: [BoxOffice], seed: 1 });
    const office = sim.get(BoxOffice, 'friday');
    await office.sell('A1', 'ann', new Price(4200n, 'EUR'));
    expect(await sellOrSay(office, 'A1', 'bob')).to.equal('seat A1 is taken');
    expect(await office.total()).to.equal(4200n);
  });

  it('has faces for options, for calls without an answer, and for everybody’s answer', async () => {
    using sim = simulate({ actors: [BoxOffice], seed: 1 });
    const office = sim.get(BoxOffice, 'friday');
    const controller = new AbortController();

    const hasty = office.$with({ timeout: 2_000, signal: controller.signal });
    await hasty.sell('B1', 'ann', new Price(4200n, 'EUR'));

    office.$tell.sell('B2', 'bob', new Price(4200n, 'EUR'));

    const counts: Map<string, number> = await office.$all.sold();
    expect([...counts.values()]).to.deep.equal([2, 2, 2]);
  });

  it('makes a command once under its idempotency key', async () => {
    using sim = simulate({ actors: [BoxOffice], seed: 1 });
    const office = sim.get(BoxOffice, 'friday');
    const ticket = await sellOnce(office, 'C1', 'req-17');
    expect(await sellOnce(sim.get(BoxOffice, 'friday', { node: 2 }), 'C1', 'req-17')).to.equal(ticket);
    expect(await office.total()).to.equal(4200n);
  });

  it('tells an instance the view that it is born into', async () => {
    using sim = simulate({ actors: [Roster], seed: 1 });
    await sim.get(Roster, 'all').note('opened');
    expect(await sim.get(Roster, 'all').members()).to.have.lengthOf(3);
  });

  it('sells a seat once, whoever asks', async () => {
    for (let seed = 0; seed < 20; seed++) {
      using sim = simulate({ nodes: 3, actors: [BoxOffice], seed, latency: [1, 20] });
      const asks = [0, 1, 2].map(node => {
        const office = sim.get(BoxOffice, 'friday', { node });
        return office.sell('A1', `buyer ${node}`, new Price(4200n, 'EUR'));
      });
      const answers = await Promise.allSettled(asks);
      await sim.settle();
      expect(answers.filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(1);
      expect(new Set(sim.digests(BoxOffice, 'friday'))).to.have.lengthOf(1);
    }
  });
});
