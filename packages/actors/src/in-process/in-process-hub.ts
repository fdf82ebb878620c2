/**
 * InProcessHub is where members of one process find each other: a table of addresses, like the ports of a machine, and
 * the control channel between them. Messages are values that nobody changes; they arrive in order, and always later than
 * they were sent, as on a socket.
 */
import { BowechoError, type ControlMessage } from '@bowecho/core';
import type { FounderHello } from '../host/founding.js';
import { InProcessNetwork } from './in-process-fabric.js';

export type HubMessage = FounderHello | ControlMessage;

export class InProcessHub {
  readonly network = new InProcessNetwork();
  private readonly listeners = new Map<string, (message: HubMessage) => void>();

  /**
   * Takes an address.
   *
   * @throws BowechoError `ADDRESS_IN_USE`
   */
  listen(address: string, onMessage: (message: HubMessage) => void): void {
    if (this.listeners.has(address)) {
      throw new BowechoError(
        'ADDRESS_IN_USE',
        `another member of this process already listens at '${address}'`,
      );
    }
    this.listeners.set(address, onMessage);
  }

  stopListening(address: string): void {
    this.listeners.delete(address);
  }

  /** Sends to whoever listens at `address` then; to nobody if nobody does, as a datagram would. */
  send(address: string, message: HubMessage): void {
    setImmediate(() => this.listeners.get(address)?.(message));
  }
}

/** The addresses of this process: members that name the fabric `in-process` meet here. */
export const processHub = new InProcessHub();
