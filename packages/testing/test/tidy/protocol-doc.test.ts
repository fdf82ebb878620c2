/**
 * docs/protocol.md says what is built: its picture of the membership machine has the machine's edges and no others, and
 * the checkers and planted bugs that it names exist.
 */
import { Membership, membershipMachine, type MembershipEvent } from '@bowecho/core';
import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROTOCOL_MUTANTS } from '../mutants/protocol-mutants.js';
import { JOIN_MUTANTS } from '../mutants/join-mutants.js';
import { VIEW_CHANGE_MUTANTS } from '../mutants/view-change-mutants.js';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));
const TEXT = readFileSync(join(ROOT, 'docs/protocol.md'), 'utf8');

/** `from --> to: EVENT` for every edge that can be walked from the first state. */
function edgesOfMachine(): string[] {
  const events = membershipMachine.events as MembershipEvent[];
  const edges = new Set<string>();
  const walk = (at: Membership): void => {
    for (const event of events.filter(each => at.accepts(each))) {
      const next = at.next(event);
      const edge = `${at.state} --> ${next.state}: ${event}`;
      if (edges.has(edge)) continue;
      edges.add(edge);
      walk(next);
    }
  };
  walk(Membership.initial);
  return [...edges].sort();
}

/** The rows of the table of invariants: the checkers, and the planted bugs, as the texts in back quotes of their columns. */
function rowsOfInvariants(): { readonly checkers: string[]; readonly bugs: string[] }[] {
  const rows = TEXT.split('\n').filter(line => /^\| C\d+ /.test(line));
  return rows.map(row => {
    const [, , checkers, bugs] = row.split(/(?<!\\)\|/);
    const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(match => match[1]!);
    return { checkers: quoted(checkers!), bugs: quoted(bugs!) };
  });
}

describe('docs/protocol.md', () => {
  it('draws the membership machine as it is', () => {
    const drawn = [...TEXT.matchAll(/^ +(\w+ --> \w+: \w+)$/gm)].map(match => match[1]!);
    expect(drawn.sort()).to.deep.equal(edgesOfMachine());
  });

  it('names checkers that exist', () => {
    const checkers = readdirSync(join(ROOT, 'packages/testing/src/checkers')).map(name => name.slice(0, -3));
    expect(checkers).to.include.members(rowsOfInvariants().flatMap(row => row.checkers));
  });

  it('names planted bugs that exist, each with a checker that may find it', () => {
    const mutants = [...PROTOCOL_MUTANTS, ...VIEW_CHANGE_MUTANTS, ...JOIN_MUTANTS];
    for (const { checkers, bugs } of rowsOfInvariants()) {
      expect(bugs, checkers.join()).not.to.be.empty;
      for (const name of bugs) {
        const killers = mutants.find(each => each.name === name)?.killers ?? [];
        expect(
          checkers.some(checker => killers.includes(checker)),
          name,
        ).to.equal(true);
      }
    }
  });
});
