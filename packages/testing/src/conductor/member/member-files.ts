/**
 * What a member writes into the folder of its round, and how it is read: three files of lines per member.
 *
 *  - `n1.calls.jsonl`: its client's calls, as two objects: `{ call, at, key, command? }` before the call is made, and
 *    `{ return, at, value | error }` after it. A call without its return never ended, or its end was not seen.
 *  - `n1.steps`: what its replica did: `key command`, or `view id members`.
 *  - `n1.state.jsonl`: at the end, if it survived: a list `[key, commands]` per line.
 *
 * A history in this form is written while it happens. Nobody's death takes anything of it away.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallEnd, SeenCall, Step } from '../round-record.js';
import { LineFile, readLines } from './line-file.js';

type CallLine =
  | { readonly call: number; readonly at: number; readonly key: string; readonly command?: string }
  | ({ readonly return: number } & CallEnd);

/** First word of a step that is a view: no key is like that. */
const VIEW = 'view';

function pathOf(folder: string, id: string, what: string): string {
  return join(folder, `${id}.${what}`);
}

export class MemberFiles {
  private readonly callLines: LineFile;
  private readonly stepLines: LineFile;

  constructor(
    private readonly folder: string,
    private readonly id: string,
  ) {
    this.callLines = new LineFile(pathOf(folder, id, 'calls.jsonl'));
    this.stepLines = new LineFile(pathOf(folder, id, 'steps'));
  }

  called(call: number, at: number, key: string, command: string | undefined): void {
    this.line({ call, at, key, ...(command !== undefined && { command }) });
  }

  returned(call: number, end: CallEnd): void {
    this.line({ return: call, ...end });
  }

  applied(key: string, command: string): void {
    this.stepLines.write(`${key} ${command}`);
  }

  view(id: number, members: readonly string[]): void {
    this.stepLines.write(`${VIEW} ${id} ${members.join(',')}`);
  }

  state(lists: ReadonlyMap<string, readonly string[]>): void {
    const lines = [...lists].map(list => `${JSON.stringify(list)}\n`);
    writeFileSync(pathOf(this.folder, this.id, 'state.jsonl'), lines.join(''));
  }

  private line(line: CallLine): void {
    this.callLines.write(JSON.stringify(line));
  }
}

export function readCalls(folder: string, id: string): SeenCall[] {
  const calls: SeenCall[] = [];
  for (const text of readLines(pathOf(folder, id, 'calls.jsonl'))) {
    const line = JSON.parse(text) as CallLine;
    if ('call' in line) {
      const { call: number, at: calledAt, key, command } = line;
      calls.push({ member: id, number, key, command, calledAt, end: undefined });
    } else {
      const { return: number, ...end } = line;
      calls[number - 1] = { ...calls[number - 1]!, end };
    }
  }
  return calls;
}

export function readSteps(folder: string, id: string): Step[] {
  return readLines(pathOf(folder, id, 'steps')).map(line => {
    const [key, command, members] = line.split(' ');
    if (key === VIEW) return { kind: 'view', id: Number(command), members: members! };
    return { kind: 'applied', key: key!, command: command! };
  });
}

export function readState(folder: string, id: string): Map<string, string[]> {
  return new Map(
    readLines(pathOf(folder, id, 'state.jsonl')).map(line => JSON.parse(line) as [string, string[]]),
  );
}
