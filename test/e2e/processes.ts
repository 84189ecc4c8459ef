// The processes that a VS Code has started, and what they hold of the network.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

interface Process {
  pid: number;
  parent: number;
  command: string;
}

/** Process ids of the language servers below a process. */
export function languageServers(ancestor: number): number[] {
  return below(ancestor, /dist\/main\.js .*--stdio/u);
}

/** Process ids of the extension hosts below a process. */
export function extensionHosts(ancestor: number): number[] {
  return below(ancestor, /bootstrap-fork --type=extensionHost/u);
}

/** Memory that a process holds, without what it shares with others by file. Linux only. */
export function residentBytes(pid: number): { all: number; own: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'mu').exec(status)?.[1] ?? 0);
  return { all: 1024 * kib('VmRSS'), own: 1024 * kib('RssAnon') };
}

function below(ancestor: number, wanted: RegExp): number[] {
  const all = processes();
  const family = new Set([ancestor]);
  for (let size = 0; size < family.size; ) {
    size = family.size;
    all.filter(({ parent }) => family.has(parent)).forEach(({ pid }) => family.add(pid));
  }
  return all
    .filter(({ pid, command }) => family.has(pid) && wanted.test(command))
    .map(({ pid }) => pid);
}

function processes(): Process[] {
  const columns = ['pid=', 'ppid=', 'args='].flatMap((column) => ['-o', column]);
  const listed = execFileSync('ps', ['-A', '-ww', ...columns], { encoding: 'utf8' });
  return listed.split('\n').flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/u.exec(line) ?? [];
    return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** TCP and UDP sockets that a process holds, as the kernel lists them. Linux only. */
export function networkSockets(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => socketInode(pid, fd) ?? []),
  );
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
      .filter((line) => inodes.has(line.split(/\s+/u)[inodeColumn] ?? ''))
      .map((line) => `${kind} ${line}`),
  );
}

const inodeColumn = 9;

/** Undefined for what is no socket, or was closed in this moment. */
function socketInode(pid: number, fd: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/u.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
  } catch {
    return undefined;
  }
}
