/** Goal: limits are those that the kernel will hold this process to. */
import { expect } from 'chai';
import { parseLimits, readLimits } from '../../src/doctor/limits.js';

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units     
Max file size             unlimited            unlimited            bytes     
Max open files            1024                 524288               files     
Max locked memory         8388608              8388608              bytes     
Max address space         4294967296           unlimited            bytes     
`;
const STATUS = (capabilities: string): string =>
  `Name:\tnode\nCapEff:\t${capabilities}\nCapBnd:\t000001ffffffffff\n`;
const NOBODY = STATUS('0000000000000000');
const ROOT = STATUS('000001ffffffffff');
const ONLY_IPC_LOCK = STATUS('0000000000004000');
const ALL_USERS = '         0          0 4294967295\n';
const CONTAINER = '         0     100000      65536\n';

describe('the limits of this process', () => {
  it('are the soft ones', () => {
    expect(parseLimits(LIMITS, NOBODY, ALL_USERS)).to.deep.equal({
      memlockBytes: 8388608,
      openFiles: 1024,
      fileBytes: Infinity,
      addressBytes: 4294967296,
    });
  });

  for (const [who, status, uidMap, memlockBytes] of [
    ['root', ROOT, ALL_USERS, Infinity],
    ['a process with CAP_IPC_LOCK', ONLY_IPC_LOCK, ALL_USERS, Infinity],
    ['root of a user namespace', ROOT, CONTAINER, 8388608],
  ] as const) {
    it(`let ${who} lock ${memlockBytes} bytes`, () => {
      expect(parseLimits(LIMITS, status, uidMap).memlockBytes).to.equal(memlockBytes);
    });
  }

  it('are infinite where a line is missing', () => {
    expect(parseLimits('', '', '')).to.deep.equal({
      memlockBytes: Infinity,
      openFiles: Infinity,
      fileBytes: Infinity,
      addressBytes: Infinity,
    });
  });

  it('are read where there is /proc', function () {
    if (process.platform !== 'linux') {
      expect(readLimits()).to.equal(undefined);
      this.skip();
    }
    expect(readLimits()?.openFiles).to.be.above(0);
  });
});
