/**
 * Goal: a class that cannot be a value is refused when it is decorated, with all reasons at once.
 */
import { expect } from 'chai';
import { privateNamesOf, registerValue, Value, valueTypeNamed, valueTypeOf } from '../../src/codec/values.js';

class Rate {
  constructor(readonly percent: number) {}
}

class Hidden {
  #secret = 1;
  readSecret(): number {
    return this.#secret;
  }
}

class Innocent {
  // a comment about #nothing
  colour = '#fff';
  pattern = /#abc[/]#x/;
  text = `#none ${'#neither'}`;
}

describe('@Value', () => {
  it('can be looked up by class and by name', () => {
    const type = registerValue(Rate, { name: 'test-rate' });
    expect(type).to.deep.include({ name: 'test-rate', version: 1, Class: Rate });
    expect(valueTypeOf(Rate)).to.equal(type);
    expect(valueTypeNamed('test-rate')).to.equal(type);
    expect(registerValue(Rate, { name: 'test-rate', version: 1 })).to.equal(type);
  });

  it('is the same class when its source is loaded again, and another one when that differs', () => {
    const decorate = (Class: new () => object): unknown => Value({ name: 'test-again' })(Class) ?? Class;
    const load = (): unknown => {
      class Again {
        cents = 1;
      }
      return decorate(Again);
    };
    const loadOther = (): unknown => {
      class Again {
        cents = 2;
      }
      return decorate(Again);
    };
    const first = load();
    expect(load()).to.equal(first);
    expect(loadOther).to.throw("the name 'test-again' already belongs to");
    expect(valueTypeNamed('test-again')?.Class).to.equal(first);
  });

  it('works under both decorator conventions', () => {
    class Legacy {}
    class Standard {}
    Value({ name: 'test-legacy' })(Legacy);
    Value({ name: 'test-standard' })(Standard, { kind: 'class' });
    expect(valueTypeOf(Legacy)?.name).to.equal('test-legacy');
    expect(valueTypeOf(Standard)?.name).to.equal('test-standard');
    expect(() => Value({ name: 'test-method' })(Legacy, { kind: 'method' })).to.throw(/decorates a method/);
  });

  it('reports every problem of a class at once', () => {
    registerValue(Rate, { name: 'test-rate' });
    const act = (): unknown => registerValue(Hidden, { name: 'test-rate', version: 0 });
    expect(act)
      .to.throw(/has 3 problems/)
      .with.property('code', 'ACTOR_INVALID');
    expect(act).to.throw(/already belongs to the class Rate/);
    expect(act).to.throw(/private names \(#secret\)/);
    expect(() => registerValue(Rate, { name: 'test-other' })).to.throw(/already registered as 'test-rate'/);
    expect(() => registerValue(class {}, { name: '' })).to.throw(/1 to 64 characters/);
  });

  it('finds private names and is not fooled by text that looks like one', () => {
    expect(privateNamesOf(Hidden)).to.deep.equal(['#secret']);
    expect(privateNamesOf(class extends Hidden {})).to.deep.equal(['#secret']);
    expect(privateNamesOf(Innocent)).to.deep.equal([]);
  });
});
