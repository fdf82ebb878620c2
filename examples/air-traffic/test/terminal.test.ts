/** What is written for a person at a terminal, and what into a log. */
import { expect } from 'chai';
import { Terminal } from '../src/terminal.js';

class Paper {
  text = '';
  constructor(
    readonly isTTY: boolean,
    readonly columns = 80,
  ) {}
  write(text: string): void {
    this.text += text;
  }
}

describe('the terminal', () => {
  it('writes no escape codes into a file', () => {
    const paper = new Paper(false);
    const terminal = new Terminal(paper);
    terminal.line('Title', 'title');
    terminal.progress(() => 'too soon to say');
    terminal.line('good', 'good');
    expect(paper.text).to.equal('Title\ngood\n');
  });

  it('writes progress over itself, cut to the width, and takes it away before the next line', () => {
    const paper = new Paper(true, 10);
    let now = 1_000;
    const terminal = new Terminal(paper, () => now);
    for (const text of ['first, and long', 'skipped', 'second']) {
      now += text === 'skipped' ? 10 : 200;
      terminal.progress(() => text);
    }
    terminal.line('done');
    const over = '\r\x1b[2K';
    expect(paper.text).to.equal(`${over}first, an${over}second${over}done\n`);
  });
});
