/**
 * Goal: `#private` members and rest parameters are found in the source text, and never seen where there are none: a false
 * alarm would refuse a correct class. Method: tables of real functions and classes, whose own text is scanned.
 */
import { expect } from 'chai';
import { blankLiterals, hasRestParameter, privateNames } from '../../src/definition/source-scan.js';

describe('source scan', () => {
  it('finds the #private members that a class declares', () => {
    class Private {
      #field = 1;
      static #shared = 2;
      readonly text = '#text';
      #method(): number {
        return this.#field + Private.#shared;
      }
      get #accessor(): number {
        return this.#method();
      }
      read(): number {
        return this.#accessor;
      }
    }
    expect(privateNames(String(Private))).to.have.members(['#field', '#shared', '#method', '#accessor']);
  });

  const innocent: [string, new () => object][] = [
    [
      'strings',
      class {
        a = '#a';
        b = '#b';
        c = "it's #c";
      },
    ],
    [
      'templates',
      class {
        a = `#a ${`#b ${'#c'}`} #d`;
      },
    ],
    [
      'templates with braces',
      class {
        a = `${
          [1].map(n => {
            return { n };
          }).length
        } #a`;
      },
    ],
    [
      'comments',
      class {
        /* #a */ b = 1; // #b
      },
    ],
    [
      'regular expressions',
      class {
        a = /#a/;
        e = /[/#e]/;
        b = /[/#]"#b/;
        c = [/#c/];
        d(x: string): boolean {
          return /#d'/.test(x);
        }
      },
    ],
    [
      'divisions',
      class {
        a = 4 / 2;
        b = '#b';
        c = 4 / 2;
      },
    ],
    [
      'nested classes',
      class {
        make(): object {
          return new (class {
            #a = 1;
            read(): number {
              return this.#a;
            }
          })();
        }
      },
    ],
    [
      'plain code',
      class {
        a = 1;
        b(): number {
          return this.a;
        }
      },
    ],
  ];
  for (const [what, Class] of innocent) {
    it(`sees no private member in ${what}`, () => {
      expect(privateNames(String(Class))).to.deep.equal([]);
    });
  }

  it('keeps length and code, so that positions stay', () => {
    const source = 'a("x", /"/, `y ${b} z`) // end';
    const blanked = blankLiterals(source);
    expect(blanked).to.have.lengthOf(source.length);
    expect(blanked.replace(/\s+/g, ' ')).to.equal('a( , , b ) ');
  });

  it('ends with the text where a literal never does', () => {
    for (const source of ['"open', "'open\\", '`open ${a', '/* open', '/open', 'a // b']) {
      expect(blankLiterals(source)).to.have.lengthOf(source.length);
    }
  });

  const functions: [string, (...args: never[]) => unknown, boolean][] = [
    ['(...a) =>', (...a: unknown[]) => a, true],
    ['(a, ...b) =>', (a: unknown, ...b: unknown[]) => [a, b], true],
    [
      'function (a, ...b)',
      function (a: unknown, ...b: unknown[]) {
        return [a, b];
      },
      true,
    ],
    [
      'method(a, ...b)',
      {
        m(a: unknown, ...b: unknown[]) {
          return [a, b];
        },
      }.m,
      true,
    ],
    [
      '[computed()](a, ...b)',
      {
        [String('m')](a: unknown, ...b: unknown[]) {
          return [a, b];
        },
      }['m']!,
      true,
    ],
    ['destructured ...', ({ ...a }: object, [...b]: unknown[]) => [a, b], false],
    ['default with ...', (a = Math.max(...[1, 2])) => a, false],
    ['default with a parenthesis in a text', (a = ')', ...b: unknown[]) => [a, b], true],
    ['body with ...', (a: unknown[]) => [...a], false],
    ['no parameters', () => Math.max(...[1]), false],
    ['native', Math.max, false],
  ];
  for (const [what, method, expected] of functions) {
    it(`${expected ? 'finds a' : 'finds no'} rest parameter: ${what}`, () => {
      expect(hasRestParameter(String(method))).to.equal(expected);
    });
  }

  it('finds no rest parameter after one bare parameter', () => {
    expect(hasRestParameter('state => f(...state)')).to.equal(false);
    expect(hasRestParameter('async state => f(...state)')).to.equal(false);
  });
});
