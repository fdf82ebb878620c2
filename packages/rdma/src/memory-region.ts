/** MemoryRegion is memory of this process that peers write into, by whatever transports its fabric has. */
import { BowechoError, assert, type Region } from '@bowecho/core';
import { freemem } from 'node:os';
import { isSystemRefusal, type NativeAddon, type NativeRegion } from './native.js';
import { encodeParts } from './parts.js';
import type { Exposure, Transport } from './transport.js';

/** Offsets in a push are int32. */
export const MOST_REGION_BYTES = 2 ** 31 - 1;

export class MemoryRegion implements Region {
  readonly memory: ArrayBuffer;
  readonly key: Uint8Array;
  readonly native: NativeRegion;
  private readonly exposures = new Map<Transport, Exposure>();
  private isOpen = true;

  /** @throws BowechoError MEMORY_UNAVAILABLE */
  constructor(
    addon: NativeAddon,
    bytes: number,
    transports: readonly Transport[],
    private readonly onClose: (region: MemoryRegion) => void,
  ) {
    assert(Number.isSafeInteger(bytes) && bytes >= 0, `a region of ${bytes} bytes`);
    refuseTooMuch(bytes);
    try {
      this.native = new addon.Region(bytes);
      this.memory = this.native.memory;
    } catch (error) {
      throw memoryUnavailable(error, bytes);
    }
    try {
      for (const transport of transports) this.exposures.set(transport, transport.expose(this.native, bytes));
    } catch (error) {
      this.takeBack();
      throw error;
    }
    this.key = encodeParts(
      new Map([...this.exposures].map(([transport, exposure]) => [transport.number, exposure.key])),
    );
  }

  /** As that transport shows it; one of the fabric's. */
  exposure(transport: Transport): Exposure {
    const exposure = this.exposures.get(transport);
    assert(exposure !== undefined, `a region that ${transport.name} does not show`);
    return exposure;
  }

  /**
   * Gives the memory back: views of it show zeros from now on, and what is written to them goes nowhere. They are not
   * detached, because that would slow down all typed arrays of the thread (native/lent-memory.h).
   */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.takeBack();
    this.onClose(this);
  }

  private takeBack(): void {
    for (const exposure of this.exposures.values()) exposure.close();
    this.native.close();
  }
}

/**
 * Asking the kernel for more than there is does not fail: it takes page after page, and then kills some process. So what is
 * there is asked first. Others may take it in between; then the kernel has the last word.
 */
function refuseTooMuch(bytes: number): void {
  if (bytes > MOST_REGION_BYTES) {
    throw new BowechoError(
      'MEMORY_UNAVAILABLE',
      `${bytes} bytes of shared memory were asked for, and a region has at most ${MOST_REGION_BYTES}; use smaller rings`,
    );
  }
  const free = freemem();
  const limit = process.constrainedMemory();
  if (bytes > free) {
    throw new BowechoError(
      'MEMORY_UNAVAILABLE',
      `${bytes} bytes of shared memory were asked for, and this machine has ${free} available`,
    );
  }
  if (limit > 0 && bytes > limit) {
    throw new BowechoError(
      'MEMORY_UNAVAILABLE',
      `${bytes} bytes of shared memory were asked for, and this process may use ${limit} (the limit of its control group)`,
    );
  }
}

/** What to do about the errors that can be mended. */
const REMEDIES: Readonly<Record<string, string>> = {
  EMFILE: '; this process has no file descriptors left: raise `ulimit -n`',
  ENFILE: '; the machine has no file descriptors left: raise fs.file-max',
  EFBIG: '; the limit of file sizes is smaller: raise `ulimit -f`',
  ENOSPC: '; there is not so much memory',
  ENOMEM: '; there is not so much memory or address space: see `ulimit -v`',
  ENOTSUP: '; this runtime forbids memory that it did not allocate',
};

/** The system's refusal as an error for users; anything else as it is. */
export function memoryUnavailable(error: unknown, bytes: number): unknown {
  if (!isSystemRefusal(error)) return error;
  const remedy = REMEDIES[error.code] ?? '';
  return new BowechoError(
    'MEMORY_UNAVAILABLE',
    `${bytes} bytes of shared memory are refused: ${error.message} (${error.syscall}, ${error.code})${remedy}`,
    { cause: error },
  );
}
