/** A root folder of its own for each test, a disk that fails as told, and a dump that lies beside it as in a spool. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type Disk, NodeDisk } from '../../src/lib/disk.ts';
import type { Dump } from '../../src/model/report.ts';
import { textDump } from '../../src/storage/conformance/inputs.ts';
import { FsStorage } from '../../src/storage/fs/fs-storage.ts';

export interface FsRoot {
  /** Not there yet: a store makes it. Its parent is removed after the test. */
  readonly path: string;
  open(disk?: Disk, depth?: number): Promise<FsStorage>;
  /** A dump on the same disk that nobody writes to any more. */
  spoolFile(text: string): Promise<Dump & { readonly path: string }>;
}

/** To be called once a file, outside of any test. */
export function useFsRoot(): FsRoot {
  let path = '';
  beforeEach(async () => {
    path = join(await mkdtemp(join(tmpdir(), 'auxilio-fs-test-')), 'root');
  });
  afterEach(() => rm(dirname(path), { recursive: true }));
  return {
    get path() {
      return path;
    },
    open: (disk, depth = 2) =>
      FsStorage.open('files', disk ? { root: path, depth, disk } : { root: path, depth }),
    async spoolFile(text) {
      const file = join(dirname(path), `spooled-${Math.random()}`);
      await writeFile(file, text);
      return { ...textDump('core', text), path: file, immutable: true };
    },
  };
}

/** A real disk on which one kind of operation fails. */
export function failing(method: keyof Disk, code: string, when: (path: string) => boolean): Disk {
  const disk = new NodeDisk();
  const original = disk[method].bind(disk) as (...args: readonly unknown[]) => Promise<unknown>;
  const fail = (...args: readonly unknown[]): Promise<unknown> =>
    when(String(args[0]))
      ? Promise.reject(Object.assign(new Error(`${code}: no`), { code }))
      : original(...args);
  return Object.assign(disk, { [method]: fail });
}
