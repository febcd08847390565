import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CrashId } from '../../src/model/crash-id.ts';
import { ODD_NAMES } from '../../src/storage/conformance/naming-cases.ts';
import { blobPrefix, decodeBlobKey, encodeBlobKey } from '../../src/storage/s3/blob-keys.ts';
import { dumpThing, Keys, type Layout, RAW } from '../../src/storage/s3/keys.ts';
import { keyRoot } from '../../src/storage/s3-client/key-root.ts';

const id = '0bba929f-8721-460c-8e70-a43c95180602' as CrashId;
const undated = '0bba929f-8721-460c-8e70-a43c95189999' as CrashId;
const keys = (layout: Layout, prefix = '', leading_slash = false): Keys =>
  new Keys('s3', layout, keyRoot({ prefix, leading_slash }));

describe('keys of crashes, as Socorro builds them', () => {
  it.each([
    ['v1', '', false, RAW, `v1/raw_crash/${id}`],
    ['v1', 'crashes', false, 'dump', `crashes/v1/dump/${id}`],
    ['v1', '', true, RAW, `/v1/raw_crash/${id}`],
    ['v2', '', true, RAW, `/v2/raw_crash/0bb/20180602/${id}`],
    ['v2', '', true, 'dump_names', `/v1/dump_names/${id}`],
    ['v2', '', false, 'processed_crash', `v1/processed_crash/${id}`],
    ['simple-date', '', false, RAW, `v1/raw_crash/20180602/${id}`],
    ['simple-date', 'a/b', false, 'crash_report', `a/b/v1/crash_report/20180602/${id}`],
  ] as const)('%s prefix=%j leading_slash=%s: %s', (layout, prefix, slash, thing, key) => {
    expect(keys(layout, prefix, slash).of(thing, id)).toBe(key);
  });

  it('a raw crash is looked for under v2, then v1', () => {
    expect(keys('v2').raws(id)).toEqual([`v2/raw_crash/0bb/20180602/${id}`, `v1/raw_crash/${id}`]);
    expect(keys('v2').raws(undated)).toEqual([`v1/raw_crash/${undated}`]);
    expect(keys('v1').raws(id)).toEqual([`v1/raw_crash/${id}`]);
  });

  it('an id without a date has no place by day, and nothing is looked for there', () => {
    expect(() => keys('simple-date').of(RAW, undated)).toThrow(/layout=v1 takes it/);
    expect(keys('simple-date').raws(undated)).toEqual([]);
    expect(keys('simple-date').holds(undated)).toBe(false);
  });

  it('knows its own keys from others', () => {
    for (const layout of ['v1', 'v2', 'simple-date'] as const)
      expect(keys(layout, 'p').idOf(keys(layout, 'p').of('dump', id))).toBe(id);
    expect(keys('v1').idOf(keys('simple-date').of('dump', id))).toBeUndefined();
    expect(keys('simple-date').idOf(keys('v1').of('dump', id))).toBeUndefined();
    expect(keys('v1').idOf(`v1/dump/${id}.gz`)).toBeUndefined();
    expect(keys('v1').idOf('v1')).toBeUndefined();
  });
});

describe('names of dumps', () => {
  it('leaves names that do no harm as the original has them', () => {
    expect(dumpThing('upload_file_minidump')).toBe('dump');
    for (const name of ['upload_file_minidump_browser', 'memory_report', 'a b', 'ü', 'x.'])
      expect(dumpThing(name)).toBe(name);
  });

  it('never makes one that is another thing, or leaves its folder', () => {
    const taken = ['raw_crash', 'dump_names', 'processed_crash', 'crash_report', 'dump'];
    for (const name of [...taken, ...ODD_NAMES]) {
      const thing = dumpThing(name);
      expect(taken).not.toContain(thing);
      expect([...thing].every((character) => character >= ' ' && character !== '/')).toBe(true);
      expect(['', '.', '..']).not.toContain(thing);
      expect(Buffer.byteLength(thing)).toBeLessThan(255);
    }
    expect(new Set([...taken, ...ODD_NAMES].map(dumpThing)).size).toBe(
      new Set([...taken, ...ODD_NAMES]).size,
    );
  });

  it('no two names share a thing', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('dump', 'raw_crash', '%64ump', '%', '', '.', '%2e', '\ud83d', '\ufffd'),
    );
    fc.assert(
      fc.property(name, name, (a, b) => a === b || dumpThing(a) !== dumpThing(b)),
      { numRuns: 2000 },
    );
  });
});

describe('keys of blobs', () => {
  const key = fc
    .array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '.', '..', 'a', '%', '+', '~')), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) => parts.join('/'));

  it('come back', () => {
    fc.assert(
      fc.property(key, (k) => decodeBlobKey(encodeBlobKey(k)) === k),
      { numRuns: 2000 },
    );
  });

  it('are never a folder of one another, nor a path that some server would clean up', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const [x, y] = [encodeBlobKey(a), encodeBlobKey(b)];
        expect(a === b || !y.startsWith(`${x}/`)).toBe(true);
        expect(x.split('/').every((part) => part !== '' && part !== '.' && part !== '..')).toBe(true);
        expect(x.split('/').every((part) => Buffer.byteLength(part) < 220)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('are found below the place that a prefix says', () => {
    fc.assert(
      fc.property(key, fc.nat(20), (k, cut) => {
        const { folder, begins } = blobPrefix(k.slice(0, cut).toWellFormed());
        expect(
          !k.startsWith(k.slice(0, cut).toWellFormed()) || encodeBlobKey(k).startsWith(folder + begins),
        ).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('of symbols are as everybody writes them, but for the folders', () => {
    expect(encodeBlobKey('xul.pdb/44E4EC8C2F41492B9369D6B9A059577C2/xul.sym')).toBe(
      'xul.pdb+/44E4EC8C2F41492B9369D6B9A059577C2+/xul.sym',
    );
  });
});
