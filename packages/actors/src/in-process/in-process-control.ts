/**
 * InProcessControl is the control channel between members of one process: an `InProcessHub` is a table of addresses, like
 * the ports of a machine. Messages are values that nobody changes; they arrive in order, and always later than they were
 * sent, as on a socket.
 */
import { BowechoError, type MemberIdentity } from '@bowecho/core';
import type { ChannelMessage, ControlChannel, ControlHandler } from '../control/control-channel.js';
import type { Greeting } from '../control/greeting.js';
import { InProcessNetwork } from './in-process-fabric.js';

/** Where members of one process find each other. */
export class InProcessHub {
  readonly network = new InProcessNetwork();
  private readonly listeners = new Map<string, InProcessControl>();
  /** By address: dials that were not answered, to be tried when somebody else listens there. */
  private readonly waiting = new Map<string, Set<() => void>>();

  /** @throws BowechoError `ADDRESS_IN_USE` */
  listen(address: string, control: InProcessControl): void {
    if (this.listeners.has(address)) {
      throw new BowechoError(
        'ADDRESS_IN_USE',
        `another member of this process already listens at '${address}'`,
      );
    }
    this.listeners.set(address, control);
    const dials = this.waiting.get(address) ?? [];
    this.waiting.delete(address);
    for (const dial of dials) dial();
  }

  forget(address: string): void {
    this.listeners.delete(address);
  }

  find(address: string): InProcessControl | undefined {
    return this.listeners.get(address);
  }

  /** Has `dial` called once when the next one listens at `address`. */
  whenNext(address: string, dial: () => void): void {
    const dials = this.waiting.get(address) ?? new Set();
    this.waiting.set(address, dials.add(dial));
  }

  giveUp(address: string, dial: () => void): void {
    this.waiting.get(address)?.delete(dial);
  }
}

/** A member that answered: where it is reached until it closes. */
interface Link {
  readonly seed: string;
  readonly target: InProcessControl;
}

export class InProcessControl implements ControlChannel {
  private handler: ControlHandler | undefined;
  private mine: Greeting | undefined;
  private readonly links = new Map<string, Link>();
  /** Whose links lead here. */
  private readonly callers = new Set<InProcessControl>();
  private readonly dials = new Map<string, () => void>();

  constructor(
    private readonly hub: InProcessHub,
    private readonly address: string,
  ) {}

  open(mine: Greeting, handler: ControlHandler): Promise<void> {
    return new Promise(resolve => {
      this.hub.listen(this.address, this);
      this.mine = mine;
      this.handler = handler;
      for (const seed of mine.seeds) {
        const dial = (): void => later(() => this.dial(seed));
        this.dials.set(seed, dial);
        dial();
      }
      resolve();
    });
  }

  private dial(seed: string): void {
    const { handler, mine } = this;
    if (handler === undefined) return;
    const target = this.hub.find(seed);
    const answer = target?.handler?.greeted(mine!);
    if (target === undefined || answer === undefined) {
      this.hub.whenNext(seed, this.dials.get(seed)!);
      handler.unanswered(seed, 'nobody listens there', true);
    } else if ('refusal' in answer) {
      this.hub.whenNext(seed, this.dials.get(seed)!);
      handler.unanswered(seed, `it refused: ${answer.refusal}`, false);
    } else {
      this.links.set(nameOf(answer.greeting.identity), { seed, target });
      target.callers.add(this);
      handler.answered(seed, answer.greeting);
    }
  }

  send(to: MemberIdentity, message: ChannelMessage): boolean {
    const link = this.links.get(nameOf(to));
    if (link === undefined) return false;
    later(() => link.target.handler?.received(message));
    return true;
  }

  close(): Promise<void> {
    if (this.handler === undefined) return Promise.resolve();
    this.handler = undefined;
    this.hub.forget(this.address);
    for (const [seed, dial] of this.dials) this.hub.giveUp(seed, dial);
    for (const { target } of this.links.values()) target.callers.delete(this);
    for (const caller of this.callers) later(() => caller.lose(this));
    return new Promise(resolve => later(resolve));
  }

  /** The control at the other end of some links of mine has closed. */
  private lose(target: InProcessControl): void {
    const { handler } = this;
    if (handler === undefined) return;
    for (const [name, link] of this.links) {
      if (link.target !== target) continue;
      this.links.delete(name);
      handler.lost(target.mine!.identity, 'it closed');
      this.dials.get(link.seed)!();
    }
  }
}

function later(action: () => void): void {
  setImmediate(action);
}

function nameOf({ id, incarnation }: MemberIdentity): string {
  return `${id}/${incarnation}`;
}

/** The addresses of this process: members that name the fabric `in-process` meet here. */
export const processHub = new InProcessHub();
