/**
 * Whatever a handler throws becomes an error that can travel, and the same one at both ends. A throw that cannot even be
 * looked at must not halt the members that look.
 */
import { ActorError, BowechoError, RemoteError } from '@bowecho/actors';
import { expect } from 'chai';
import { decodeMemberMessage, encodeMemberMessage } from '../../src/calls/member-message.js';
import { errorOfThrow } from '../../src/calls/outcome.js';

function errorWith(key: string, descriptor: PropertyDescriptor): Error {
  return Object.defineProperty(new Error('x'), key, descriptor);
}

function trap(): never {
  throw new Error('a trap');
}

const THROWN: readonly (readonly [what: string, thrown: unknown])[] = [
  ['null', null],
  ['undefined', undefined],
  ['a symbol', Symbol('s')],
  ['a frozen object', Object.freeze({ a: 1 })],
  ['a message that throws', errorWith('message', { get: trap })],
  ['a name that throws', errorWith('name', { get: trap })],
  ['a message that is no text', errorWith('message', { value: Symbol('m') })],
  ['a proxy', new Proxy({}, { getPrototypeOf: trap })],
  ['a function', Object.assign(() => 1, { toString: trap })],
  ['a code that is no text', new ActorError(5 as never, 'm')],
  ['details that throw', Object.defineProperty(new ActorError('C', 'm'), 'details', { get: trap })],
  ['details that cannot travel', new ActorError('C', 'm', () => 1)],
  ['a code of nobody', new BowechoError('MY_CODE' as never, 'm')],
  ['a code of everybody', new BowechoError('toString' as never, 'm')],
  ['a refusal', new ActorError('C', 'm', { have: new Map([['x', 1n]]) })],
  ['a mistake', new TypeError('t')],
];

describe('what a handler throws', () => {
  for (const [what, thrown] of THROWN) {
    it(`travels: ${what}`, () => {
      const error = errorOfThrow(thrown, 'unknown');
      const sent = { kind: 'answer', id: 7, isRefusal: false, outcome: { ok: false, error } } as const;
      const arrived = decodeMemberMessage(encodeMemberMessage(sent));
      expect(arrived).to.include({ kind: 'answer', id: 7 });
      if (arrived.kind !== 'answer' || arrived.outcome.ok) expect.fail('it arrived as something else');
      const { outcome } = arrived;
      const facts = ({ name, code, message, didExecute }: typeof error): unknown[] => [
        name,
        code,
        message,
        didExecute,
      ];
      expect(facts(outcome.error)).to.deep.equal(facts(error));
      expect(outcome.error.didExecute).to.equal('unknown');
      expect(outcome.error.constructor).to.equal(error.constructor);
      const details = (each: typeof error): unknown =>
        each instanceof ActorError ? each.details : (each as RemoteError).remoteName;
      expect(details(outcome.error)).to.deep.equal(details(error));
    });
  }
});
