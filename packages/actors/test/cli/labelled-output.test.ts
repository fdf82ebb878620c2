/** Labels, colours, and what happens when the stream is full or closed. */
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { LabelledOutput } from '../../src/cli/labelled-output.js';

/** A stream that takes one write and keeps its callback until it is asked for more. */
class SlowStream extends Writable {
  readonly taken: string[] = [];
  readonly isTTY: boolean;
  private onTaken: ((error?: Error) => void) | undefined;

  constructor(isTTY = false) {
    super({ decodeStrings: false, highWaterMark: 8 });
    this.isTTY = isTTY;
  }
  override _write(text: string, _: BufferEncoding, done: (error?: Error) => void): void {
    this.taken.push(text);
    this.onTaken = done;
  }
  takeMore(error?: Error): void {
    this.onTaken?.(error);
  }
}

const COLOURS: readonly (readonly [isTTY: boolean, env: NodeJS.ProcessEnv, has: boolean])[] = [
  [false, {}, false],
  [true, {}, true],
  [true, { TERM: 'dumb' }, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [false, { FORCE_COLOR: '' }, true],
  [false, { FORCE_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false],
  [true, { FORCE_COLOR: 'false' }, false],
  [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
];

function ignore(): void {}

describe('labelled output', () => {
  it('puts labels of one width before lines', () => {
    const stream = new SlowStream();
    const output = new LabelledOutput(stream, ['n1', 'n10'], ignore, {});
    void output.line('n1', 'hello');
    stream.takeMore();
    void output.line('n10', '');
    stream.takeMore();
    void output.plain('by myself');
    expect(stream.taken).to.deep.equal(['n1  | hello\n', 'n10 | \n', 'by myself\n']);
  });

  for (const [isTTY, env, has] of COLOURS) {
    const where = isTTY ? 'a terminal' : 'no terminal';
    it(`has ${has ? 'colours' : 'no colours'} on ${where} with ${JSON.stringify(env)}`, () => {
      const stream = new SlowStream(isTTY);
      void new LabelledOutput(stream, ['n1'], ignore, env).line('n1', 'hello');
      expect(stream.taken).to.deep.equal([has ? '\x1b[36mn1 | \x1b[39mhello\n' : 'n1 | hello\n']);
    });
  }

  it('lets wait while the stream is full, and no longer', async () => {
    const stream = new SlowStream();
    const output = new LabelledOutput(stream, ['n1'], ignore, {});
    const wait = output.line('n1', 'a long line');
    expect(wait).to.be.instanceOf(Promise);
    expect(output.line('n1', 'another one')).to.equal(wait);
    stream.takeMore();
    stream.takeMore();
    await wait;
    expect(output.line('n1', '')).to.equal(undefined);
  });

  it('says once that nobody reads any more, drops what comes, and lets nobody wait', async () => {
    const stream = new SlowStream();
    const heard: (string | undefined)[] = [];
    const output = new LabelledOutput(stream, ['n1'], error => heard.push(error.code), {});
    const wait = output.line('n1', 'a long line');
    stream.takeMore(Object.assign(new Error('broken'), { code: 'EPIPE' }));
    await wait;
    expect(output.line('n1', 'too late')).to.equal(undefined);
    expect(heard).to.deep.equal(['EPIPE']);
    expect(stream.taken).to.deep.equal(['n1 | a long line\n']);
  });
});
