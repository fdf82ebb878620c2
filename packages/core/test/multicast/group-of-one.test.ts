/**
 * A group of one needs no peers and no fabric, so it shows what a member does by itself: it comes up, delivers what it
 * sends, and goes. The ring is so small that every turn overwrites what the turn before delivered.
 */
import { expect } from 'chai';
import {
  Member,
  foundingView,
  type Application,
  type DeliveryMode,
  type Fabric,
  type View,
} from '@bowecho/core';

const LONELY: Fabric = {
  address: new Uint8Array(),
  register: bytes => ({ memory: new ArrayBuffer(bytes), key: new Uint8Array(), close: () => undefined }),
  connect: () => expect.fail('a group of one connects to nobody'),
  disconnect: () => undefined,
  push: (_, count) => count,
  poll: () => 0,
  drain: () => 0,
  arm: () => true,
  yieldProcessor: () => undefined,
  close: onClosed => onClosed(),
};

function viewOfOne(mode: DeliveryMode): View {
  const shards = [{ replicas: [0], senders: [0] }];
  return foundingView([{ id: 'n0', incarnation: 1 }], [{ name: 'log', mode, shards }]);
}

/** A running member, what it delivered, and what its application heard. */
function start(mode: DeliveryMode, onDeliver: () => void = () => undefined) {
  const texts: string[] = [];
  const heard: string[] = [];
  const application: Application = {
    deliver({ memory, offset, length }) {
      texts.push(String.fromCharCode(...memory.slice(offset, offset + length)));
      onDeliver();
    },
    onViewInstalled: view => heard.push(`view ${view.vid}`),
    onViewEntered: view => heard.push(`entered ${view.vid}`),
    onEnded: ({ reason, isLeave }) => heard.push(`${isLeave ? 'left' : 'ended'}: ${reason}`),
    onStateChanged: ({ from, to }) => heard.push(`${from} -> ${to}`),
    onMessage: () => expect.fail('nobody sends messages here'),
    onHalted: error => heard.push(`halted: ${String(error)}`),
  };
  const member = new Member({
    view: viewOfOne(mode),
    myRank: 0,
    ringBytes: 512,
    queueBytes: 1 << 20,
    suspicionMicros: Infinity,
    ports: { fabric: LONELY, control: { send: () => true }, application },
  });
  member.start();
  let now = 0;
  const rest = (): void => {
    while (member.doWork(now++) > 0);
  };
  rest();
  return { member, texts, heard, rest };
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0));
}

for (const mode of ['ordered', 'unordered'] as const) {
  describe(`a group of one, ${mode}`, () => {
    it('delivers what it sends while the bytes are still what was sent', () => {
      const { member, texts, rest } = start(mode);
      const sent = Array.from({ length: 200 }, (_, i) => `message ${i} ${'x'.repeat(i % 80)}`);
      for (const text of sent) member.send(0, bytesOf(text));
      rest();
      expect(texts).to.deep.equal(sent);
    });

    it('comes up and goes, each step with its reason', () => {
      const { member, heard, texts, rest } = start(mode);
      member.send(0, bytesOf('last'));
      member.leave('enough');
      rest();
      expect(texts).to.deep.equal(['last']);
      expect(heard).to.deep.equal([
        'connecting -> installing',
        'installing -> running',
        'view 0',
        'running -> leaving',
        'leaving -> wedged',
        'wedged -> trimming',
        'trimming -> left',
        'left: enough',
      ]);
      expect(() => member.send(0, bytesOf('late'))).to.throw('this member is leaving (left)');
    });

    it('keeps a copy of what waits, whatever the caller does with its buffer', () => {
      const { member, texts, rest } = start(mode);
      const buffer = Buffer.from('0000 '.repeat(15)); // a Node Buffer: its `slice` would be a view
      const sent: string[] = [];
      for (let i = 0; i < 30; i++) {
        buffer.write(String(i).padStart(4, '0'));
        sent.push(buffer.toString());
        member.send(0, buffer);
      }
      buffer.fill('?');
      rest();
      expect(texts).to.deep.equal(sent);
    });

    it('halts when its application throws, says so once, and refuses work', () => {
      const { member, heard, rest } = start(mode, () => {
        throw new Error('boom');
      });
      member.send(0, bytesOf('fatal'));
      rest();
      expect(heard.slice(-2)).to.deep.equal(['running -> halted', 'halted: Error: boom']);
      expect(() => member.send(0, bytesOf('more'))).to.throw('this member has halted');
    });
  });
}
