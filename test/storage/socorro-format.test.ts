import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CrashId, createCrashId } from '../../src/model/crash-id.ts';
import type { RawCrash } from '../../src/model/report.ts';
import { processedCrash, rawCrash } from '../../src/storage/conformance/inputs.ts';
import {
  fromSocorroProcessed,
  fromSocorroRaw,
  toSocorroProcessed,
  toSocorroRaw,
} from '../../src/storage/socorro-format.ts';

const ID = '0bba929f-8721-460c-8e70-a43c95d04190'.slice(0, -7) as string;
const idOf = (digit: number, start = '0bba929f', date = '071025'): CrashId =>
  `${start}${ID.slice(8)}${digit}${date}` as CrashId;

describe('the format', () => {
  const text = fc.string({ unit: 'binary' });
  const names = fc.oneof(
    text,
    fc.constantFrom(
      'uuid',
      'metadata',
      'version',
      'submitted_timestamp',
      '__proto__',
      'dump_checksums',
      'legacy_processing',
      'auxilio',
      'id',
    ),
  );
  const crash: fc.Arbitrary<RawCrash> = fc.record({
    id: fc.integer({ min: 0, max: 3 }).map((d) => createCrashId(new Date('2026-11-21T00:00:00Z'), d as 0)),
    annotations: fc
      .uniqueArray(fc.tuple(names, text), { selector: ([n]) => n })
      .map((e) => Object.fromEntries(e)),
    receivedAt: fc.oneof(
      fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') })
        .map((d) => d.toISOString()),
      fc.constant('2026-11-21T12:00:00.000Z'),
      text,
    ),
    metadata: fc.record({
      payload: fc.constantFrom('multipart', 'json', 'unknown'),
      compressed: fc.boolean(),
      size: fc.nat(),
      notes: fc.array(text),
      userAgent: text,
      throttleRule: text,
      outcome: fc.constantFrom('accepted', 'deferred', 'truncated'),
    }),
  });

  it('brings every raw crash back exactly, through JSON', () => {
    fc.assert(
      fc.property(crash, (raw) => {
        const written = JSON.parse(JSON.stringify(toSocorroRaw(raw, []))) as Record<string, unknown>;
        expect(fromSocorroRaw(raw.id, written).raw).toEqual(raw);
        expect(written['uuid']).toBe(raw.id);
        expect(written['version']).toBe(2);
      }),
      { numRuns: 500 },
    );
  });

  it('says nothing of its own about an ordinary crash', () => {
    const raw = rawCrash();
    expect(Object.keys(toSocorroRaw(raw, [])['metadata'] as object)).not.toContain('auxilio');
  });

  it('reads any object without failing', () => {
    const id = idOf(0);
    fc.assert(
      fc.property(fc.dictionary(names, fc.jsonValue()), (value) => {
        const { raw } = fromSocorroRaw(id, value);
        expect(Object.values(raw.annotations).every((v) => typeof v === 'string')).toBe(true);
        expect(raw.id).toBe(id);
      }),
    );
  });

  it('brings processed crashes back exactly', () => {
    for (const crash of [processedCrash(idOf(2)), processedCrash(idOf(2), { uuid: 'another' })]) {
      expect(fromSocorroProcessed(crash.id, toSocorroProcessed(crash))).toEqual(crash);
    }
  });
});
