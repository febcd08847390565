import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CrashId,
  createCrashId,
  dayOf,
  isCrashId,
  parseCrashId,
  throttleDigitOf,
} from '../../src/model/crash-id.ts';

const ID = 'de1bb258-cbbf-4589-a673-34f800160918' as CrashId;
const dates = fc.date({
  min: new Date('2000-01-01T00:00:00Z'),
  max: new Date('2099-12-31T23:59:59Z'),
  noInvalidDate: true,
});
const digits = fc.constantFrom(0, 1, 2, 3);

describe('createCrashId', () => {
  it('makes ids that say their UTC day and digit, and are otherwise UUIDs v4', () => {
    fc.assert(
      fc.property(dates, digits, (date, digit) => {
        const id = createCrashId(date, digit as 0 | 1 | 2 | 3);
        expect(id).toMatch(/^[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{5}\d{7}$/);
        expect(isCrashId(id)).toBe(true);
        expect(dayOf(id)).toBe(date.toISOString().slice(0, 10));
        expect(throttleDigitOf(id)).toBe(digit);
        expect(parseCrashId(id)).toBe(id);
      }),
    );
  });

  it('never makes the same twice, and accepts unless told otherwise', () => {
    const now = new Date();
    const ids = new Set(Array.from({ length: 10_000 }, () => createCrashId(now)));
    expect(ids.size).toBe(10_000);
    expect(throttleDigitOf(createCrashId(now))).toBe(0);
  });

  it('changes its day at midnight UTC', () => {
    expect(dayOf(createCrashId(new Date('2026-12-31T23:59:59.999Z')))).toBe('2026-12-31');
    expect(dayOf(createCrashId(new Date('2027-01-01T00:00:00.000Z')))).toBe('2027-01-01');
  });
});

describe('isCrashId', () => {
  it.each([
    ['', false],
    ['aaa', false],
    ['de1bb258cbbf4589a67334f800160918', false],
    ['DE1BB258-CBBF-4589-A673-34F800160918', false],
    ['de1bb258-cbbf-4589-a673-34f800abcdef', false],
    ['00000000-0000-0000-0000-000000000000', true],
    ['de1bb258-cbbf-4589-a673-34f802160918', true],
    ['de1bb258-cbbf-4589-a673-34f80a160918', true],
    [ID, true],
    // Python's `$` lets one line end through; a file name with one in it is worth a refusal.
    [`${ID}\n`, false],
    [` ${ID}`, false],
    [`bp-${ID}`, false],
    [`${ID}0`, false],
    // The date need not exist: old systems never checked.
    ['de1bb258-cbbf-4589-a673-34f800999999', true],
  ])('%j: %s', (text, is) => {
    expect(isCrashId(text)).toBe(is);
  });

  it('takes no text that could leave a folder', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        if (isCrashId(text)) expect(text).toMatch(/^[-a-f0-9]{36}$/);
      }),
    );
  });
});

describe('parseCrashId', () => {
  it.each([
    [ID],
    [`bp-${ID}`],
    [`https://crash-stats.example.org/report/index/${ID}`],
    [`http://localhost:8000/report/index/${ID}?a=b#tab`],
    [`http:/report/index/${ID}`],
    [`https://example.org/report/index/beta/${ID};v=1?a=b`],
  ])('finds the id in %j', (text) => {
    expect(parseCrashId(text)).toBe(ID);
  });

  it.each([
    [''],
    ['aaa'],
    [`bp-bp-${ID}`],
    [` ${ID}`],
    [`bp-${ID}\n`],
    [`https://example.org/report/index/bp-${ID}`],
    [`https://example.org/report/index/${ID}/`],
    [`https://example.org/auxilio/report/index/${ID}`],
    [`httpreport/index/${ID}`],
    [`https://example.org/report/list/${ID}`],
    [`https://example.org/?q=/report/index/${ID}`],
    [`ftp://example.org/report/index/${ID}`],
    ['https://example.org/report/index/'],
    [`https://example.org/report/index/${ID}/extra`],
  ])('finds none in %j', (text) => {
    expect(parseCrashId(text)).toBeUndefined();
  });

  it('throws for no text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
        const id = parseCrashId(text);
        if (id !== undefined) expect(isCrashId(id)).toBe(true);
      }),
    );
  });
});

describe('dayOf and throttleDigitOf', () => {
  const withEnd = (end: string): CrashId => `de1bb258-cbbf-4589-a673-34f80${end}` as CrashId;

  it.each([
    ['0160918', '2016-09-18', 0],
    ['2160918', '2016-09-18', 2],
    ['a160918', '2016-09-18', 10],
    ['0240229', '2024-02-29', 0],
    ['0230229', undefined, 0],
    ['0000000', undefined, 0],
    ['0991332', undefined, 0],
    ['1261131', undefined, 1],
  ])('%s: %s, %d', (end, day, digit) => {
    expect(dayOf(withEnd(end))).toBe(day);
    expect(throttleDigitOf(withEnd(end))).toBe(digit);
  });
});
