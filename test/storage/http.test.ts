/** What the http store sends into a real collector of ours, and what that keeps of it. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RawCrash } from '../../src/model/report.ts';
import {
  bytesOf,
  dumpOf,
  generatedDump,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import type { CrashStorage } from '../../src/storage/contract.ts';
import { openHttp } from '../conformance/storage-harnesses/http.ts';

type HttpStore = CrashStorage<'report.write'>;

async function collector(
  options: Readonly<Record<string, unknown>> = {},
  settings: Readonly<Record<string, unknown>> = {},
) {
  const opened = await openHttp(options, settings);
  onTestFinished(() => opened.dispose());
  return { store: opened.store as HttpStore, reader: opened.reader, url: opened.url };
}

const withoutUuid = ({ annotations: { uuid: _uuid, ...rest } }: RawCrash): Record<string, string> => rest;
const openFiles = (): number => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0);

describe('http store, into a collector of ours', () => {
  it('keeps the crash id with the token, and every annotation and dump, plain and gzipped', async () => {
    for (const gzip of [false, true]) {
      const { store, reader } = await collector({ gzip });
      const raw = rawCrash({
        ProductName: 'Ünï 💥',
        Lines: 'a\r\nb\n\tc',
        Empty: '',
        Long: 'ä'.repeat(300_000),
      });
      const bytes = randomBytes(300_000);
      await store.saveReport(report(raw, dumpOf('upload_file_minidump', bytes), textDump('log', '')));
      const there = await reader.readRaw(raw.id);
      expect(withoutUuid(there)).toEqual(raw.annotations);
      expect(there.annotations['uuid']).toBe(raw.id);
      expect(there.metadata).toMatchObject({
        userAgent: 'auxilio-submitter',
        compressed: gzip,
        payload: 'multipart',
      });
      expect((await reader.listDumps(raw.id)).map(({ name, size }) => [name, size])).toEqual([
        ['log', 0],
        ['upload_file_minidump', 300_000],
      ]);
      expect((await bytesOf(await reader.readDump(raw.id, 'upload_file_minidump'))).equals(bytes)).toBe(true);
    }
  });

  it('sends as JSON what came as JSON, and what a form cannot carry', async () => {
    const { store, reader } = await collector();
    const base = rawCrash({ ProductName: 'x', Number: '0012' });
    const came = { ...base, metadata: { ...base.metadata, payload: 'json' as const } };
    const hard = rawCrash({ 'quote "\\\r\n %0D': 'v', Lone: 'a\ud83db', ü: 'x' });
    for (const raw of [came, hard]) {
      await store.saveReport(report(raw, textDump('core', 'x')));
      const there = await reader.readRaw(raw.id);
      expect(withoutUuid(there)).toEqual(raw.annotations);
      expect(there.metadata.payload).toBe('json');
    }
  });

  it('the same report twice is one crash', async () => {
    const { store, reader } = await collector();
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('core', 'x')));
    await store.saveReport(report(raw, textDump('core', 'x')));
    expect((await reader.readRaw(raw.id)).id).toBe(raw.id);
    const ids: string[] = [];
    for await (const id of reader.list('2026-11-21')) ids.push(id);
    expect(ids).toEqual([raw.id]);
  });

  it('without a token the collector makes an id of its own', async () => {
    const { store, reader } = await collector({ token: '' });
    const raw = rawCrash();
    await store.saveReport(report(raw));
    await expect(reader.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
    const ids: string[] = [];
    for await (const id of reader.list('2026-11-21')) ids.push(id);
    expect(ids).toHaveLength(1);
  });

  it('a wrong token is permission_denied, also in the middle of a large dump', async () => {
    const { store } = await collector({ token: 'another' });
    const large = generatedDump('core', 64 * 1024 ** 2, function* () {
      for (let i = 0; i < 1024; i += 1) yield Buffer.alloc(65_536, i);
    });
    for (const dumps of [[], [large]]) {
      const saving = store.saveReport(report(rawCrash(), ...dumps));
      await expect(saving).rejects.toMatchObject({ code: 'permission_denied' });
    }
  });

  it('a limit of the destination does not cost the crash id', async () => {
    const { store, reader } = await collector({}, { max_annotations: 1 });
    const raw = rawCrash();
    await store.saveReport(report(raw));
    expect((await reader.readRaw(raw.id)).metadata.outcome).toBe('truncated');
  });

  const BAD: readonly (readonly [string, () => ReturnType<typeof textDump>, string])[] = [
    [
      'shorter than its size',
      () => ({ ...textDump('bad', 'four'), size: 400, sha256: undefined }),
      'invalid',
    ],
    ['longer than its size', () => generatedDump('bad', 10, () => [Buffer.alloc(4000)]), 'invalid'],
    [
      'of other bytes than its SHA-256',
      () => ({ ...textDump('bad', 'x'), sha256: 'ab'.repeat(32) }),
      'corrupt',
    ],
    [
      'that breaks half-way',
      () =>
        generatedDump('bad', 655_360, function* () {
          yield Buffer.alloc(65_536);
          throw new Error('the source broke');
        }),
      'internal',
    ],
  ];
  it.each(BAD)(
    'a dump %s: refused, nothing at the destination, nothing left open',
    async (_title, make, code) => {
      const { store, reader } = await collector();
      const first = rawCrash();
      await store.saveReport(report(first));
      // The spool has its journal open from then on.
      await reader.readRaw(first.id);
      const before = openFiles();
      const raw = rawCrash();
      await expect(store.saveReport(report(raw, textDump('good', 'x'), make()))).rejects.toMatchObject({
        code,
      });
      await expect(reader.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
      for (let i = 0; i < 200 && openFiles() > before; i += 1) await new Promise((r) => setTimeout(r, 10));
      expect(openFiles()).toBeLessThanOrEqual(before);
      await store.saveReport(report(raw, textDump('good', 'fine')));
      expect((await reader.readRaw(raw.id)).id).toBe(raw.id);
    },
  );

  it('ends when its signal aborts, while the source hangs and while bytes go out', async () => {
    for (const hang of [true, false]) {
      const { store, reader } = await collector();
      const raw = rawCrash();
      const stop = new AbortController();
      const dump = generatedDump('bad', 1000 * 65_536, async function* () {
        for (let i = 0; i < 1000; i += 1) {
          yield Buffer.alloc(65_536);
          if (i === 20) stop.abort(new Error('enough'));
          if (i === 20 && hang) await new Promise(() => undefined);
        }
      });
      await expect(store.saveReport(report(raw, dump), { signal: stop.signal })).rejects.toMatchObject({
        code: 'aborted',
      });
      await expect(reader.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
    }
  });
});
