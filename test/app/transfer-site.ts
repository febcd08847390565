/** A data folder with stores to move crashes between, and commands that are killed half-way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CrashId } from '../../src/model/crash-id.ts';
import type { RawCrash } from '../../src/model/report.ts';
import {
  DAY,
  idOn,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import type { FullStore, Store } from '../../src/storage/contract.ts';
import { FsStorage } from '../../src/storage/fs/fs-storage.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import {
  type CommandResult,
  eventually,
  repository,
  runAuxilio,
  temporaryFolder,
} from '../build/running-auxilio.ts';

export interface Site {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
  run(...args: readonly string[]): Promise<CommandResult>;
  /** Runs the command, and SIGKILLs it as soon as `when` gives something. */
  killed(args: readonly string[], when: () => Promise<unknown>): Promise<void>;
  /** Works with a store as another process would, and closes it. */
  using<T>(name: 'crashes' | 'copy' | 'archive', work: (store: FullStore) => Promise<T>): Promise<T>;
  /** Text of the only file in the folder of transfers whose name ends so; undefined when there is none. */
  transferFile(end: string): Promise<string | undefined>;
  dispose(): Promise<void>;
}

const open = (dataDir: string, name: 'crashes' | 'copy' | 'archive'): Promise<Store> =>
  name === 'archive'
    ? SqliteStorage.open(name, { file: join(dataDir, 'archive.db') })
    : FsStorage.open(name, { root: join(dataDir, 'stores', name), depth: 2 });

/** The embedded default, and beside it `archive` (SQLite), `copy` (files) and `mirror` (http). */
export async function site(more: Readonly<Record<string, string>> = {}): Promise<Site> {
  const { path: dataDir, remove } = await temporaryFolder();
  const env = {
    STORE_ARCHIVE_USE: 'sqlite',
    STORE_COPY_USE: 'fs',
    STORE_MIRROR_USE: 'http',
    STORE_MIRROR_URL: 'http://127.0.0.1:9/submit',
    ...more,
  };
  return {
    dataDir,
    env,
    run: (...args) => runAuxilio(args, { dataDir, env }),
    async killed(args, when) {
      const child: ChildProcess = spawn(
        process.execPath,
        [join(repository, 'src/app/bin/auxilio.ts'), ...args],
        {
          cwd: dataDir,
          env: { PATH: process.env['PATH'], HOME: process.env['HOME'], DATA_DIR: dataDir, ...env },
          stdio: 'ignore',
        },
      );
      const exited = once(child, 'exit');
      await eventually('half-way', async () => (await when()) ?? undefined, 60_000);
      child.kill('SIGKILL');
      const [, signal] = await exited;
      if (signal !== 'SIGKILL') throw new Error('the command was over before it could be killed');
    },
    async using(name, work) {
      const store = await open(dataDir, name);
      try {
        return await work(store as FullStore);
      } finally {
        await store.close();
      }
    },
    async transferFile(end) {
      const folder = join(dataDir, 'transfers');
      const names = await readdir(folder, { recursive: true }).catch(() => []);
      const name = names.find((file) => file.endsWith(end));
      return name === undefined ? undefined : readFile(join(folder, name), 'utf8').catch(() => undefined);
    },
    dispose: remove,
  };
}

/** Processed crashes of one day with a dump each, sorted by id. */
export async function fillStore(store: FullStore, count: number, day = DAY): Promise<RawCrash[]> {
  const raws = Array.from({ length: count }, (_, i) => rawCrash({ Index: String(i) }, idOn(day)));
  for (const raw of raws) {
    await store.saveReport(report(raw, textDump('core', `core of ${raw.id}`)));
    await store.saveProcessed(raw, processedCrash(raw.id));
  }
  return raws.sort((a, b) => (a.id < b.id ? -1 : 1));
}

export async function idsIn(store: FullStore, day = DAY): Promise<CrashId[]> {
  const ids: CrashId[] = [];
  for await (const id of store.list(day)) ids.push(id);
  return ids.sort();
}
