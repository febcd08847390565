/** The collector over the real spool and a store: hostile names and broken uploads leave nothing outside its folder. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import type { CrashTask } from '../../src/queue/contract.ts';
import type { Spool } from '../../src/spool/contract.ts';
import { openSpool } from '../../src/spool/open.ts';
import { spoolSchema } from '../../src/spool/settings.ts';
import { type CrashStorage, need } from '../../src/storage/contract.ts';
import fsStore from '../../src/storage/fs/index.ts';
import { leafContext } from '../build/leaf.ts';
import { dump, field, formBytes } from '../build/multipart.ts';
import { post, postForm, type Running, start } from './harness.ts';

let outside: string;
let store: CrashStorage<'report.write' | 'raw.read' | 'dumps.read'>;
let spool: Spool;
let running: Running;
const queued: CrashTask[] = [];

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'auxilio-outside-'));
  const dataDir = join(outside, 'a', 'b', 'data');
  await mkdir(dataDir, { recursive: true });
  const opened = await fsStore.open({}, leafContext('files', dataDir));
  store = need(opened, 'test', 'report.write', 'raw.read', 'dumps.read');
  spool = await openSpool({
    settings: parseSettings(spoolSchema, { inline_dump: '1KB' }),
    dataDir,
    store,
    queue: {
      publish: async (task) => {
        queued.push(task);
      },
      health: async () => undefined,
    },
    log: silentLog,
  });
  running = await start({ deps: { spool } });
});
afterEach(async () => {
  await running.collector.close();
  await spool.close();
  await store.close();
  await rm(outside, { recursive: true });
});

const NAMES = [
  '../../../../escape',
  '/etc/escape',
  '..\\..\\escape',
  'nul\0escape',
  'é'.repeat(127),
  '%2e%2e%2f',
  '.',
  '..',
  'CON',
  '-rf',
];

it('keeps every crash, and every file within the data folder', async () => {
  const ids: string[] = [];
  for (const [i, name] of NAMES.entries()) {
    const parts = [field(name, 'value'), field('n', String(i)), dump(name, Buffer.alloc(5000, i))];
    const { text } = await postForm(running, parts);
    expect(text).toMatch(/^CrashID=bp-/);
    ids.push(text.slice('CrashID=bp-'.length, -1));
    const body = gzipSync(await formBytes(parts));
    await post(running, body.subarray(0, body.length - 9), { 'content-encoding': 'gzip' });
  }
  await spool.drain();
  expect(await readdir(outside)).toEqual(['a']);
  expect(await readdir(join(outside, 'a'))).toEqual(['b']);
  expect(await readdir(join(outside, 'a', 'b'))).toEqual(['data']);
  expect(queued.map((task) => task.crashId).sort()).toEqual([...ids].sort());
  for (const [i, id] of ids.entries()) {
    const raw = await store.readRaw(id as never);
    expect(raw.annotations['n']).toBe(String(i));
    const [info] = await store.listDumps(id as never);
    expect(info?.size).toBe(5000);
    expect(info?.name).toMatch(/^[A-Za-z0-9_]{1,30}$/);
  }
  expect(spool.state()).toMatchObject({ entries: 0, bytes: 0 });
  expect(running.outcomes.map((o) => o.outcome)).toEqual(NAMES.flatMap(() => ['accepted', 'rejected']));
});
