/**
 * CommandList is the actor of the soak: a list of commands that have unique names, so that one that is lost, doubled or out
 * of place shows. A command is written down where it is applied, too, in the order of this process: that is how checks see
 * one order over all keys. Nothing of the state depends on it.
 */
import { Command, Query, Replicated, ctx } from '@bowecho/actors';
import type { Answer } from '../round-record.js';

/** Every member has a replica: no layout has more members than that. */
const EVERYWHERE = 64;

@Replicated({ name: 'command-list', replicas: EVERYWHERE })
export class CommandList {
  private commands: string[] = [];

  /** Hears what this process applies. */
  static onApplied: (key: string, command: string) => void = () => undefined;

  @Command() append(command: string): Answer {
    this.commands.push(command);
    CommandList.onApplied(ctx.key, command);
    return { length: this.commands.length, last: command };
  }

  @Query() read(): Answer {
    return { length: this.commands.length, last: this.commands.at(-1) ?? '' };
  }

  @Query() all(): string[] {
    return this.commands;
  }
}
