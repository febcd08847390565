/** What these tests share: where tools are, a stackwalker from settings, a dump from bytes. */
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { openFile } from '../../src/lib/streams.ts';
import type { Dump } from '../../src/model/report.ts';
import { createStackwalker, type StackwalkerDeps } from '../../src/symbols/create-stackwalker.ts';
import { symbolsSchema } from '../../src/symbols/settings.ts';
import type { Stackwalker } from '../../src/symbols/stackwalker.ts';

export const CACHE = join(homedir(), '.cache', 'auxilio');
export const TOOL_FOLDERS = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  join(CACHE, 'minidump-stackwalk', 'bin'),
];

const find = (name: string): string | undefined =>
  TOOL_FOLDERS.map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Undefined where `cargo install minidump-stackwalk` was not run. */
export const RUST_WALKER = find('minidump-stackwalk');
export const PRLIMIT = find('prlimit');
export const BREAKPAD_FOLDER = join(
  import.meta.dirname,
  '../../node_modules/minidump/bin',
  `${process.platform}-${process.arch}`,
);

const folders: string[] = [];

/** A folder that is removed after the test file. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-symbols-'));
  folders.push(folder);
  return folder;
}

const open: Stackwalker[] = [];

/** Closed after the test file. */
export async function makeStackwalker(
  settings: Readonly<Record<string, unknown>>,
  deps: Partial<StackwalkerDeps> = {},
): Promise<Stackwalker> {
  const walker = await createStackwalker(
    { dataDir: await scratchFolder(), log: silentLog, toolFolders: TOOL_FOLDERS, ...deps },
    parseSettings(symbolsSchema, settings),
  );
  open.push(walker);
  return walker;
}

export async function fileDump(path: string, name = 'upload_file_minidump'): Promise<Dump> {
  const { size } = await stat(path);
  return { name, size, path, open: (options) => openFile(path, options?.signal) };
}

afterAll(async () => {
  await Promise.all(open.splice(0).map((walker) => walker.close()));
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});
