/** The actors that the tests of this folder run: small, natural, and each there for something that can go wrong. */
import { ActorError, Command, Query, Replicated, Value, ctx, type View } from '@bowecho/actors';

@Value({ name: 'example-money', version: 1 })
export class Money {
  constructor(
    readonly cents: bigint,
    readonly currency: string,
  ) {}
  plus(other: Money): Money {
    return new Money(this.cents + other.cents, this.currency);
  }
}

@Replicated({ name: 'bank' })
export class Bank {
  private balances = new Map<string, Money>();
  private log: string[] = [];

  @Command() deposit(owner: string, amount: Money): Money {
    const next = (this.balances.get(owner) ?? new Money(0n, amount.currency)).plus(amount);
    this.balances.set(owner, next);
    this.log.push(owner);
    return next;
  }

  /** Changes its state in every way it can before it refuses. */
  @Command() withdraw(owner: string, amount: Money): Money {
    const have = this.balances.get(owner) ?? new Money(0n, amount.currency);
    this.balances.set(owner, new Money(have.cents - amount.cents, amount.currency));
    this.log.push(`withdraw ${owner}`);
    if (have.cents < amount.cents) throw new ActorError('INSUFFICIENT', `${owner} is short`, { have });
    return this.balances.get(owner)!;
  }

  @Command() breakDown(): void {
    this.balances.clear();
    throw new TypeError('undefined is not a function');
  }

  @Command() leaveAPromise(): unknown {
    this.log.push('promised');
    return Promise.reject(new Error('nobody waits for this'));
  }

  @Command() returnAFunction(): unknown {
    this.log.push('returned');
    return { callback: () => 1 };
  }

  @Command() close(): void {
    ctx.destroy();
  }

  @Query() balance(owner: string): Money | undefined {
    return this.balances.get(owner);
  }
  @Query() all(): Map<string, Money> {
    return this.balances;
  }
  @Query() entries(): number {
    return this.log.length;
  }
  @Query() sneak(): number {
    return this.log.push('a query wrote this');
  }
}

@Replicated({ name: 'counter', shards: 8 })
export class Counter {
  private value = 0;
  @Command() add(by: number): number {
    return (this.value += by);
  }
  @Query() read(): number {
    return this.value;
  }
}

/** Everything that a handler may ask of `ctx`, kept in the state: replicas are equal only if the answers were. */
@Replicated({ name: 'witness' })
export class Witness {
  private seen: string[] = [];
  private views: number[] = [];

  @Command() look(): string {
    const id = ctx.id();
    this.seen.push([ctx.key, ctx.now().toISOString(), id, ctx.id(), ctx.random(), ctx.random()].join(' '));
    return id;
  }
  @Query() lines(): string[] {
    return this.seen;
  }
  @Query() viewIds(): number[] {
    return this.views;
  }
  onViewChange(view: View): void {
    this.views.push(view.id, view.members.length, view.joined.length);
  }
}

/** Wrong on purpose: its replicas differ. */
@Replicated({ name: 'gambler' })
export class Gambler {
  private luck = 0;
  @Command() roll(): number {
    return (this.luck = Math.random());
  }
  @Query() last(): number {
    return this.luck;
  }
}

/** Each sender's own order is all that is promised. */
@Replicated({ name: 'telemetry', mode: 'unordered' })
export class Telemetry {
  private readonly samples = new Map<string, number[]>();
  @Command() sample(sensor: string, value: number): void {
    this.samples.set(sensor, [...(this.samples.get(sensor) ?? []), value]);
  }
  @Query() of(sensor: string): number[] {
    return this.samples.get(sensor) ?? [];
  }
}

/** Asks for ids where ordinals are each sender's own. */
@Replicated({ name: 'sampler', mode: 'unordered' })
export class Sampler {
  @Command() mark(): string {
    return ctx.id();
  }
}
