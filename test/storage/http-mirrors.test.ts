/** The http store with several destinations, beside a main store, and with settings that are wrong. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { SettingsError } from '../../src/lib/settings.ts';
import { createCrashId } from '../../src/model/crash-id.ts';
import type { RawCrash } from '../../src/model/report.ts';
import { dumpOf, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import { createPoly } from '../../src/storage/containers/poly/poly.ts';
import type { FullStore } from '../../src/storage/contract.ts';
import { isChosen, parseDestination } from '../../src/storage/http/destination.ts';
import httpBackend from '../../src/storage/http/index.ts';
import { withOptional } from '../../src/storage/layers/optional.ts';
import { labelOf, leafContext } from '../build/leaf.ts';
import type { Answering } from '../build/said-server.ts';
import { blackHole, destination, openMirror } from './http-destinations.ts';
import { memory } from './stores.ts';

const backend = (options: Readonly<Record<string, unknown>>) =>
  httpBackend.open(options, leafContext('mirror'), labelOf('mirror'));

describe('http store, to several', () => {
  it('sends each report to all of them, and reports all that failed', async () => {
    const answer: Answering = (_heard, response) => response.end(`CrashID=bp-${rawCrash().id}`);
    const [a, b, c] = await Promise.all([
      destination(answer),
      destination((_heard, response) => response.writeHead(500).end()),
      destination(answer),
    ]);
    const saving = openMirror([a.url, b.url, c.url]).saveReport(report(rawCrash(), textDump('core', 'x')));
    await expect(saving).rejects.toMatchObject({ code: 'unavailable' });
    expect([a, b, c].map(({ heard }) => heard.length)).toEqual([1, 1, 1]);
    for (const { heard } of [a, b, c]) expect(heard[0]?.body.toString()).toContain('core');
  });

  it('a share of the crashes, the same ones each time, and not the same for each address', () => {
    const ids = Array.from({ length: 4000 }, () => createCrashId(new Date('2026-11-21T00:00:00Z')));
    const [a, b] = ['http://a.example.com/submit|25', 'http://b.example.com/submit|25'].map((text) =>
      parseDestination(text, 100, 'URL'),
    ) as [ReturnType<typeof parseDestination>, ReturnType<typeof parseDestination>];
    const chosen = ids.filter((id) => isChosen(a, id));
    expect(chosen.length / ids.length).toBeGreaterThan(0.2);
    expect(chosen.length / ids.length).toBeLessThan(0.3);
    expect(ids.filter((id) => isChosen(a, id))).toEqual(chosen);
    expect(ids.filter((id) => isChosen(b, id))).not.toEqual(chosen);
    const all = parseDestination('http://a.example.com/', 100, 'URL');
    const none = parseDestination('http://a.example.com/|0', 100, 'URL');
    expect(ids.every((id) => isChosen(all, id)) && !ids.some((id) => isChosen(none, id))).toBe(true);
  });
});

describe('http store, under optional', () => {
  it('a dead mirror holds nothing up', async () => {
    const hole = await blackHole();
    const main = memory('main');
    const mirror = withOptional(openMirror([hole.url], { timeoutMs: 60_000 }), {
      timeoutMs: 200,
      log: silentLog,
    });
    const store = createPoly('both', [main, mirror]) as FullStore;
    const saved: RawCrash[] = [];
    const start = performance.now();
    for (let i = 0; i < 10; i += 1) {
      const raw = rawCrash();
      await store.saveReport(report(raw, dumpOf('core', randomBytes(400_000))));
      saved.push(raw);
    }
    expect(performance.now() - start).toBeLessThan(10 * 200 + 3000);
    expect(hole.taken()).toBeGreaterThan(0);
    for (const raw of saved) expect(await main.readRaw(raw.id)).toEqual(raw);
  });
});

describe('http store, settings', () => {
  it.each([
    [{}, /STORE_MIRROR_URL is not set/],
    [{ url: 'ftp://x' }, /STORE_MIRROR_URL: "ftp:\/\/x" is not an http or https URL/],
    [{ url: 'https://x/submit|150' }, /no percentage/],
    [{ url: 'https://x/submit|' }, /no percentage/],
    [{ url: 'https://me:secret@x/submit' }, /user and password do not belong/],
    [{ url: 'https://x/submit, https://x/submit' }, /twice/],
    [{ url: 'https://x', sample: '200' }, /STORE_MIRROR_SAMPLE/],
    [{ url: 'https://x', token: 'a\nb' }, /STORE_MIRROR_TOKEN/],
    [{ url: 'https://x', timeout: '0' }, /STORE_MIRROR_TIMEOUT/],
  ])('%o is refused', async (options, message) => {
    const opening = backend(options);
    await expect(opening).rejects.toBeInstanceOf(SettingsError);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.not.toThrow(/secret/);
  });
});
