/** The member's side of `runJob`: what it is to do, and how it tells what it found. */

/** What a member is told. Every program takes from it what it needs. */
export interface Job {
  /** By name, one between processes. */
  readonly fabric: string;
  /** What is measured, where a program can measure several things. */
  readonly kind?: string;
  /** Payload bytes. */
  readonly size: number;
  /** How many members send: the first so many. */
  readonly senders: number;
  readonly members: number;
  readonly seconds: number;
  readonly ringBytes: number;
  /** Silence for so long is a suspicion, milliseconds; where left out, as long as members have it. */
  readonly suspicionMs?: number;
  /** Keys of state, for what has much of it. */
  readonly keys?: number;
  /** Bytes of one write, for what writes without a protocol. */
  readonly writeBytes?: number;
}

export type FromMember =
  { readonly kind: 'report'; readonly report: unknown } | { readonly kind: 'relay'; readonly value: unknown };

export interface ToMember {
  readonly kind: 'relayed';
  readonly from: string;
  readonly value: unknown;
}

export const job = JSON.parse(process.argv[2] ?? '{}') as Job;
/** `n1` is 0. */
export const myRank = Number(process.env['BOWECHO_ID']?.slice(1)) - 1;

/** Tells what was measured. The member then lives on until it is ended: others may still need it. */
export function report(value: unknown): void {
  process.send!({ kind: 'report', report: value } satisfies FromMember);
}

/** Says a value to all other members. */
export function relay(value: unknown): void {
  process.send!({ kind: 'relay', value } satisfies FromMember);
}

/** Hears what others relay, also what they did before. */
export function onRelayed(listener: (fromRank: number, value: unknown) => void): void {
  hear = message => listener(Number(message.from.slice(1)) - 1, message.value);
  for (const message of early.splice(0)) hear(message);
}

/** Members start when they start; what arrives before a program listens must not be lost. */
const early: ToMember[] = [];
let hear = (message: ToMember): unknown => early.push(message);
process.on('message', message => hear(message as ToMember));
