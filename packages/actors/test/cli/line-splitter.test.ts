/** Lines out of chunks: nothing is lost or changed however the text is cut, and nothing long is held. */
import { expect } from 'chai';
import fc from 'fast-check';
import { LineSplitter, LONGEST_PIECE, type Line } from '../../src/cli/local/line-splitter.js';

function split(chunks: readonly string[], longest: number): Line[] {
  const splitter = new LineSplitter(longest);
  const lines = chunks.flatMap(chunk => splitter.push(chunk));
  const last = splitter.end();
  return last === undefined ? lines : [...lines, last];
}

describe('line splitter', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', 'é', '😀'), maxLength: 60 });

  it('hands out the same pieces however the text is cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(text), fc.integer({ min: 2, max: 9 }), (chunks, longest) => {
        const lines = split(chunks, longest);
        expect(lines).to.deep.equal(split([chunks.join('')], longest));
        const again = lines.map(({ text, isCut }) => (isCut ? text : `${text}\n`)).join('');
        const whole = chunks.join('');
        expect(again).to.equal(whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`);
      }),
    );
  });

  it('makes no piece longer than it may be, none empty that goes on, and no half characters', () => {
    fc.assert(
      fc.property(fc.array(text), fc.integer({ min: 2, max: 9 }), (chunks, longest) => {
        for (const { text, isCut } of split(chunks, longest)) {
          expect(text).to.have.length.within(isCut ? longest - 1 : 0, longest);
          expect(Buffer.from(text).toString(), 'a half would become another character').to.equal(text);
        }
      }),
    );
  });

  it('hands out what a line has beyond the bound while it still goes on', () => {
    const splitter = new LineSplitter();
    let handedOut = 0;
    for (let i = 0; i < 100; i++) {
      for (const { text } of splitter.push('x'.repeat(50_000))) handedOut += text.length;
      expect((i + 1) * 50_000 - handedOut).to.be.within(0, LONGEST_PIECE);
    }
  });
});
