/** What a test asks of a fabric in a child process, and the answers. One line each; regions are known by their keys. */
import type { FabricOptions } from '@bowecho/rdma';

export type Command =
  | { readonly do: 'create'; readonly fabric: string; readonly options: Pick<FabricOptions, 'host'> }
  | { readonly do: 'register'; readonly bytes: number }
  | { readonly do: 'closeRegion'; readonly key: string }
  | { readonly do: 'connect'; readonly address: string; readonly key: string; readonly local: string }
  | { readonly do: 'disconnect'; readonly peer: number }
  | { readonly do: 'push'; readonly batch: readonly number[]; readonly count: number }
  | { readonly do: 'poll' }
  | { readonly do: 'drain'; readonly length: number }
  | { readonly do: 'arm'; readonly token: number }
  | { readonly do: 'yieldProcessor' }
  | { readonly do: 'look' }
  | { readonly do: 'close' };

export type Answer =
  | { readonly value: number | boolean | string | readonly number[] }
  | {
      readonly error: { readonly name: string; readonly message: string; readonly code: string | undefined };
    };

/** Over the asynchronous channel, from the child. */
export type Notice = { readonly woken: number } | { readonly settled: number } | { readonly closed: true };

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
