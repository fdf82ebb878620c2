/**
 * NoHalt (part of C14): nobody stops. In a world without failures a member that halts has found an invariant of its own
 * broken; its assertions are checkers too, and this one passes on what they say.
 */
import { Checker } from './checker.js';

export class NoHalt extends Checker {
  override readonly name = 'no-halt';

  override onHalted(rank: number, error: unknown): void {
    this.fail(
      `rank ${rank} halted: ${String(error)}`,
      this.world.members.map(member => member.describe()),
    );
  }
}
