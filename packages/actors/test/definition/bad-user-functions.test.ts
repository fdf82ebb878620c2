/**
 * Goal: functions that a user hands over, schemas and `state`, may give anything; what is wrong is said in a typed error.
 */
import { expect } from 'chai';
import { checkArguments } from '../../src/definition/argument-checks.js';
import { defineActor } from '../../src/definition/define-actor.js';
import { definitionOf } from '../../src/definition/actor-definition.js';

describe('a schema that gives no result', () => {
  for (const given of [undefined, null, 5, { issues: null }, { issues: 'no' }, { issues: [null] }]) {
    it(`refuses the argument as ARGUMENT_INVALID for ${JSON.stringify(given)}`, () => {
      const schema = { '~standard': { version: 1, vendor: 'test', validate: () => given } };
      const actor = defineActor({
        name: 'odd-schema',
        state: () => ({}),
        commands: { put: (_state: object, x: number) => x },
        args: { put: [schema as never] },
      });
      expect(() => checkArguments(definitionOf(actor).method('put'), [1]))
        .to.throw('got no result from its schema')
        .with.property('code', 'ARGUMENT_INVALID');
    });
  }
});

describe('a state() that gives no plain object', () => {
  class Point {
    x = 1;
  }
  for (const given of [
    null,
    undefined,
    5,
    'abc',
    [1],
    new Map([['a', 1]]),
    new Point(),
    Promise.resolve({}),
  ]) {
    it(`is refused as ACTOR_INVALID: ${Object.prototype.toString.call(given)}`, () => {
      const actor = defineActor({
        name: 'odd-state',
        state: () => given as object,
        queries: { get: () => 1 },
      });
      expect(() => new actor())
        .to.throw('must give a plain object')
        .with.property('code', 'ACTOR_INVALID');
    });
  }
});
