/**
 * Money is a value of this example: instances travel as arguments and answers, live in the state, and arrive as instances
 * with their methods. Cents are a bigint, because sums of money must not be rounded.
 */
import { ActorError, Value } from '@bowecho/actors';

@Value({ name: 'money', version: 1 })
export class Money {
  constructor(
    readonly cents: bigint,
    readonly currency: string,
  ) {}

  /** @throws ActorError `CURRENCY` */
  plus(other: Money): Money {
    if (other.currency !== this.currency) {
      throw new ActorError('CURRENCY', `${other.currency} cannot be added to ${this.currency}`);
    }
    return new Money(this.cents + other.cents, this.currency);
  }

  /** @throws ActorError `CURRENCY` */
  minus(other: Money): Money {
    return this.plus(new Money(-other.cents, other.currency));
  }

  /** Like `12.05 EUR`. */
  toString(): string {
    const digits = String(this.cents < 0n ? -this.cents : this.cents).padStart(3, '0');
    const sign = this.cents < 0n ? '-' : '';
    return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)} ${this.currency}`;
  }
}
