/**
 * TcpControlChannel is the control channel between processes: TCP, and TLS 1.3 where there is a secret or certificates.
 *
 * Who dials a connection sends on it, and who accepts it receives, so there are two connections between two members, one
 * per direction, and no tie to break. A member dials its own seed like every other, and has a way to itself.
 *
 * ```
 *   dialer                                                   acceptor
 *     | -- 'BOWECHO' version | greeting -------------------->   |  handler.greeted
 *     | <------------------- 'BOWECHO' version | greeting  --   |      or a refusal, and the end
 *     | -- message -- message -- message ------------------->   |  handler.received
 * ```
 *
 * TCP does not say what arrived. So when a connection breaks, `lost` tells that what was sent last may be missing, and
 * nothing is sent again by itself.
 */
import { assert, BowechoError, type MemberIdentity } from '@bowecho/core';
import { describeValue } from '../config/describe-value.js';
import type { Log } from '../ctx.js';
import { Acceptor } from './acceptor.js';
import { parseAddress, type Address } from './address.js';
import type { ChannelMessage, ControlChannel, ControlHandler } from './control-channel.js';
import { CONTROL_LIMITS, type ControlLimits } from './control-limits.js';
import { prepareTls } from './control-tls.js';
import { DialedSeed } from './dialed-seed.js';
import { FRAME_KIND, frameOf } from './frame.js';
import { encodeGreeting } from './greeting-text.js';
import type { Greeting } from './greeting.js';
import { identityKey } from './identity-key.js';
import { encodeMessage } from './message-bytes.js';
import type { SecureOptions } from './security.js';
import { StrangerLog } from './stranger-log.js';

export interface TcpControlOptions {
  /** Where this member listens, `host:port`. A host of 0.0.0.0 or :: takes all addresses of the machine. */
  readonly listen: string;
  /** Whom to dial, each `host:port`: all founders, this member too. */
  readonly seeds: readonly string[];
  readonly security: SecureOptions;
  /** Hears of connections that came to nothing, as warnings. The secret is never in them. */
  readonly log: Log;
  /** What differs from `CONTROL_LIMITS`. */
  readonly limits?: Partial<ControlLimits>;
}

/**
 * @example
 * const control = new TcpControlChannel({
 *   listen: '0.0.0.0:7400',
 *   seeds: ['n1:7400', 'n2:7400'],
 *   security: { kind: 'secret', secret },
 *   log,
 * });
 * await control.open(greeting, handler);
 */
export class TcpControlChannel implements ControlChannel {
  private readonly limits: ControlLimits;
  private readonly strangers: StrangerLog;
  private handler: ControlHandler | undefined;
  private acceptor: Acceptor | undefined;
  private seeds: readonly DialedSeed[] = [];
  /** By identity: the way that its messages take. Where two seeds are one member, always the same of them. */
  private readonly ways = new Map<string, DialedSeed>();
  private closing: Promise<void> | undefined;

  constructor(private readonly options: TcpControlOptions) {
    this.limits = { ...CONTROL_LIMITS, ...options.limits };
    this.strangers = new StrangerLog(line => options.log.warn({ listen: options.listen }, line));
  }

  /**
   * Takes the address, then dials the seeds.
   *
   * @throws BowechoError `ADDRESS_IN_USE`; `CONFIG_INVALID` (addresses or certificates that cannot be used, a greeting that
   *   is too large); `CLOSED` if the channel was closed meanwhile
   */
  async open(mine: Greeting, handler: ControlHandler): Promise<void> {
    assert(this.handler === undefined, 'a control channel is opened once');
    this.handler = handler;
    const { limits } = this;
    const listen = readAddress('listen', this.options.listen);
    const addresses = this.options.seeds.map((seed, index) => readAddress(`seeds[${index}]`, seed));
    const greetingFrame = frameOf(FRAME_KIND.greeting, encodeGreeting(mine));
    const tls = await prepareTls(this.options.security);
    this.assertOpen();
    this.acceptor = new Acceptor(tls, limits, {
      greeted: theirs => handler.greeted(theirs),
      received: message => handler.received(message),
      silenced: member => handler.silenced(member),
      strange: (host, kind, sentence) => this.strangers.report(host, kind, sentence),
    });
    await this.acceptor.listen(listen);
    this.assertOpen();
    const events = { answered: this.onAnswered, unanswered: this.onUnanswered, lost: this.onLost };
    this.seeds = this.options.seeds.map(
      (seed, index) => new DialedSeed(seed, addresses[index]!, { greetingFrame, tls, limits }, events),
    );
    for (const seed of this.seeds) seed.dial();
  }

  /**
   * Sends to a member that answered. Never waits: what the network does not take is kept, up to `maxQueuedBytes`, beyond
   * which the member counts as lost. The bytes of a message must not change afterwards.
   *
   * @returns whether it was sent; false where there is no way to that member at the moment
   * @throws BowechoError `TOO_LARGE` if the message exceeds `maxFrameBytes`
   */
  send(to: MemberIdentity, message: ChannelMessage): boolean {
    const pieces = encodeMessage(message, this.limits.maxFrameBytes);
    if (this.closing !== undefined) return false;
    return this.ways.get(identityKey(to))?.send(pieces) ?? false;
  }

  /** Ends everything, after what was sent or after a second; resolves when nothing is left of it. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    await Promise.all([this.acceptor?.close(), ...this.seeds.map(seed => seed.close())]);
    this.strangers.close();
  }

  private assertOpen(): void {
    if (this.closing === undefined) return;
    throw new BowechoError('CLOSED', 'the control channel was closed while it was being opened');
  }

  private readonly onAnswered = (seed: DialedSeed, theirs: Greeting): void => {
    const key = identityKey(theirs.identity);
    if (!this.ways.has(key)) this.ways.set(key, seed);
    this.handler?.answered(seed.name, theirs);
  };

  private readonly onUnanswered = (seed: DialedSeed, problem: string, isNobody: boolean): void => {
    this.handler?.unanswered(seed.name, problem, isNobody);
  };

  private readonly onLost = (seed: DialedSeed, member: MemberIdentity, reason: string): void => {
    const key = identityKey(member);
    // A second way to the same member carried nothing.
    if (this.ways.get(key) !== seed) return;
    const other = this.seeds.find(it => it.member !== undefined && identityKey(it.member) === key);
    if (other === undefined) this.ways.delete(key);
    else this.ways.set(key, other);
    this.handler?.lost(member, reason);
  };
}

function readAddress(option: string, text: string): Address {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  throw new BowechoError(
    'CONFIG_INVALID',
    `${option} must be an address like 'n1:7400' or '[::1]:7400', but is ${describeValue(text)}`,
  );
}
