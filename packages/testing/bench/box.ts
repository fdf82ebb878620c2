/** An actor with state of a given size, as the benchmark of joins has many of. */
import { Command, Replicated } from '@bowecho/actors';

@Replicated({ name: 'bench-box' })
export class Box {
  private text = '';
  @Command() put(text: string): number {
    this.text = text;
    return this.text.length;
  }
}
