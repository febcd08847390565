/** Engines have passwords that everybody knows: nothing of theirs may listen beyond this machine. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ProcessMark } from '../../scripts/engines/processes.ts';
import { ENGINES } from '../../scripts/engines/registry.ts';
import { HERE } from '../../scripts/engines/state.ts';
import { type EngineName, engine } from '../build/engines.ts';

const LISTENING = '0A';
/** As the kernel writes 127.x.y.z, ::1 and ::ffff:127.x.y.z, each 32 bits with the last byte first. */
const LOOPBACK = /^([0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/;

/** Inode of every listening socket of this machine, with the address that it listens on. */
function listeningSockets(): ReadonlyMap<string, string> {
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(1) : [],
  );
  const sockets = lines.map((line) => line.trim().split(/\s+/)).filter((fields) => fields[3] === LISTENING);
  return new Map(sockets.map((fields) => [fields[9] ?? '', fields[1]?.split(':')[0] ?? '']));
}

function addressesOf(pid: number): readonly string[] {
  const sockets = listeningSockets();
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(join(folder, fd)))?.[1];
    return sockets.get(inode ?? '') ?? [];
  });
}

/** Empty for one that was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function whyNot(name: EngineName): string | undefined {
  const state = engine(name);
  if ('missing' in state) return state.missing;
  if (existsSync(join(HERE.state, name, 'container.json'))) return 'its container publishes on loopback';
  const visible = existsSync('/proc/net/tcp') && process.getuid?.() === 0;
  return visible ? undefined : 'only root sees in /proc whose socket is whose';
}

for (const { name, ports } of ENGINES) {
  const file = join(HERE.state, name, 'processes.json');
  const reason = whyNot(name);
  const title = `${name} listens on loopback alone${reason === undefined ? '' : ` (skipped: ${reason})`}`;
  it.skipIf(reason !== undefined)(title, () => {
    const processes = JSON.parse(readFileSync(file, 'utf8')) as readonly ProcessMark[];
    const addresses = processes.flatMap(({ pid }) => addressesOf(pid));
    expect(addresses.length).toBeGreaterThanOrEqual(ports);
    expect(addresses.filter((address) => !LOOPBACK.test(address))).toEqual([]);
  });
}
