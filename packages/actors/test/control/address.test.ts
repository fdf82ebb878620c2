/**
 * Goal: an address is taken exactly where the sockets can use it. Method: tables, and a way there and back.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { formatAddress, isLoopback, parseAddress } from '../../src/control/address.js';

describe('an address', () => {
  const good: readonly (readonly [string, string, number])[] = [
    ['n1:7400', 'n1', 7400],
    ['bank_db.internal-2.example:1', 'bank_db.internal-2.example', 1],
    ['127.0.0.1:65535', '127.0.0.1', 65535],
    ['[::1]:7400', '::1', 7400],
    ['[fe80::1%eth0]:80', 'fe80::1%eth0', 80],
  ];
  for (const [text, host, port] of good) {
    it(`is ${text}`, () => expect(parseAddress(text)).to.deep.equal({ host, port }));
  }

  const bad = ['', 'n1', ':7400', 'n1:', 'n1:0', 'n1:65536', 'n1:07400', 'n1:7400 ', 'n1:x', '::1:7400'];
  const worse = [
    '[::1]',
    '[n1]:7400',
    '[127.0.0.1]:7400',
    '127.1:7400',
    '300.0.0.1:1',
    'a b:1',
    'http://n1:7400',
    '-n:1',
  ];
  for (const text of [...bad, ...worse]) {
    it(`is not ${JSON.stringify(text)}`, () => expect(parseAddress(text)).to.be.undefined);
  }

  it('reads as it was written', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (it, port) => {
        expect(parseAddress(formatAddress(it, port))).to.deep.equal({ host: it, port });
      }),
    );
  });

  for (const host of [
    '127.0.0.1',
    '127.8.9.1',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    'localhost',
    'LocalHost',
  ]) {
    it(`of ${host} stays on this machine`, () => expect(isLoopback(host)).to.be.true);
  }
  for (const host of ['0.0.0.0', '128.0.0.1', '::', '::2', 'n1', 'localhost.example', '::ffff:10.0.0.1']) {
    it(`of ${host} may leave this machine`, () => expect(isLoopback(host)).to.be.false);
  }
});
