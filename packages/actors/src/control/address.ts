/**
 * Addresses of control ports as text: `host:port`, and `[::1]:7400` where the host is an IPv6 address. They are read in
 * one place, so that the configuration refuses what the sockets could not use.
 */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** Where a control port is. */
export interface Address {
  /** A name, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
}

const NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?$/;
const BRACKETED = /^\[([^\]]+)\]:(\d+)$/;
const PLAIN = /^([^:[\]]+):(\d+)$/;

/**
 * Reads an address; undefined where `text` is none.
 *
 * @example
 * parseAddress('n1.example:7400'); // { host: 'n1.example', port: 7400 }
 * parseAddress('[::1]:7400'); // { host: '::1', port: 7400 }
 * parseAddress('n1'); // undefined: the port is missing
 */
export function parseAddress(text: string): Address | undefined {
  const bracketed = BRACKETED.exec(text);
  const found = bracketed ?? PLAIN.exec(text);
  if (found === null) return undefined;
  const host = found[1]!;
  const port = Number(found[2]);
  // 0 would mean "any free port", which nobody could dial; a leading zero is more likely an error than a port.
  if (port < 1 || port > 65_535 || found[2]!.startsWith('0')) return undefined;
  const isHost = bracketed === null ? isName(host) : isIPv6(host);
  return isHost ? { host, port } : undefined;
}

/** Digits and dots alone are an IPv4 address or an error: resolvers disagree on what 127.1 means. */
function isName(host: string): boolean {
  return /^[\d.]+$/.test(host) ? isIPv4(host) : NAME.test(host);
}

/** An address for people, with brackets where the host has colons. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether only this machine can reach `host`: 127.0.0.0/8, `::1`, `localhost`. Other names are not resolved. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');

/** Whether an IP address means something on one link only. */
export function isLinkLocal(address: string): boolean {
  const [plain] = address.split('%', 1);
  return LINK_LOCAL.check(plain!, isIPv4(plain!) ? 'ipv4' : 'ipv6');
}
