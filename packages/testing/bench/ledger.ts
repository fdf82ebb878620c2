/** The actor that benchmarks call: a field that a command reads and writes, which is what a small, busy actor does. */
import { Command, Query, Replicated } from '@bowecho/actors';

@Replicated({ name: 'bench-ledger' })
export class Ledger {
  private total = 0;
  @Command() add(amount: number, memo: string): number {
    return (this.total += amount + memo.length);
  }
  @Query() sum(): number {
    return this.total;
  }
}
