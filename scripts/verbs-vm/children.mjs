/**
 * Processes that do not outlive this one. Each leads a group of its own, which is ended as a whole when this process exits,
 * whatever the reason. Where this process has no time to do so, as with SIGKILL, the system kills the child itself:
 * setpriv (of util-linux) asks for that.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Buffer } from 'node:buffer';
import { Problem } from './problem.mjs';

/** An environment in which the programs of the administrator are found: they are not in everybody's path. */
export const SYSTEM_ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'];

/** @type {Map<import('node:child_process').ChildProcess, NodeJS.Signals>} running ones, and the signal that ends each */
const running = new Map();

process.on('exit', () => {
  for (const child of running.keys()) endChild(child);
});

/** Ends this process on the signals that ask for it, with the status a shell gives for them. */
export function endOnSignals() {
  for (const signal of SIGNALS) process.once(signal, () => process.exit(128 + constants.signals[signal]));
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions & { endBy?: NodeJS.Signals }} options
 * @returns {import('node:child_process').ChildProcess}
 */
export function startChild(command, args, { endBy = 'SIGKILL', ...options } = {}) {
  const child = spawn('setpriv', ['--pdeathsig', endBy.slice('SIG'.length), '--', command, ...args], {
    ...options,
    detached: true,
  });
  running.set(child, endBy);
  child.on('exit', () => running.delete(child));
  child.on('error', () => running.delete(child));
  return child;
}

/** @param {import('node:child_process').ChildProcess} child */
export function endChild(child) {
  const signal = running.get(child);
  if (signal === undefined || child.pid === undefined) return;
  running.delete(child);
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // It ended by itself, and we have not yet heard of it.
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions & { endBy?: NodeJS.Signals, input?: string }} options
 * @returns {Promise<string>} what it wrote to standard output
 * @throws Problem with the last lines of what it wrote to standard error, if its status is not 0
 */
export function runChild(command, args, { input = '', ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = startChild(command, args, { ...options, stdio: 'pipe' });
    const out = [];
    const err = [];
    child.stdout.on('data', data => out.push(data));
    child.stderr.on('data', data => err.push(data));
    // It may end without reading all; its status then says whether that was right.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', error => reject(new Problem(`${command} could not be started: ${error.message}`)));
    child.on('close', (status, signal) => {
      if (status === 0) return resolve(Buffer.concat(out).toString());
      const words = Buffer.concat(err).toString().trim().split('\n').slice(-5).join('\n');
      reject(
        new Problem(`${command} ${args.join(' ')} ended with ${signal ?? `status ${status}`}: ${words}`),
      );
    });
  });
}
