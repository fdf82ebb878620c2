/**
 * NoHalt (part of C14): no member stops by itself, whatever breaks around it: a member that halts has found an invariant
 * of its own broken. Its assertions are checkers too, and this one passes on what they say.
 */
import { Checker } from './checker.js';

export class NoHalt extends Checker {
  override readonly name = 'no-halt';

  override onHalted(node: number, error: unknown): void {
    this.fail(
      `node ${node} halted: ${String(error)}`,
      this.world.members.map(member => member.describe()),
    );
  }
}
