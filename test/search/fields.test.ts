import { describe, expect, it } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import type { RawCrash } from '../../src/model/report.ts';
import { annotationVisibility, publicAnnotations } from '../../src/search/annotation-visibility.ts';
import { DEFAULT_COLUMNS, FIELDS, fieldsByName } from '../../src/search/field-list.ts';
import { protectedField, publicField } from '../../src/search/fields.ts';
import { dateText, valueIn } from '../../src/search/values.ts';
import { versionKey } from '../../src/search/version-order.ts';

const id = createCrashId(new Date('2026-11-21T00:00:00Z'));
const raw: RawCrash = {
  id,
  annotations: { 'a.b': 'dotted', a: 'plain', guid: 'g' },
  receivedAt: '2026-11-21T00:00:00.000Z',
  metadata: {
    payload: 'json',
    compressed: true,
    size: 5,
    notes: ['x', 'y', 'x'],
    userAgent: 'u',
    throttleRule: 't',
    outcome: 'deferred',
  },
};

describe('the field list', () => {
  it('has each name once, in lower_snake, with a meaning', () => {
    expect(fieldsByName(FIELDS).size).toBe(FIELDS.length);
    expect(() => fieldsByName([...FIELDS, ...FIELDS])).toThrow(/defined twice/);
    for (const { name, doc } of FIELDS) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(doc, name).toMatch(/[.…]$/);
    }
  });

  it('has the columns of a list of crashes, all public', () => {
    const fields = fieldsByName(FIELDS);
    for (const name of DEFAULT_COLUMNS) expect(fields.get(name)?.visibility, name).toBe('public');
  });

  it('protects what Socorro protects', () => {
    const hidden = FIELDS.filter((f) => f.visibility === 'protected').map((f) => f.path);
    expect(hidden).toEqual(
      expect.arrayContaining([
        'breadcrumbs',
        'has_guard_page_access',
        'java_stack_trace_raw',
        'mac_boot_args',
        'mdsw_return_code',
        'mdsw_stderr',
        'moz_crash_reason_raw',
        'remote_type',
        'signature_debug',
        'soft_errors',
        'url',
        'user_comments',
        'email',
      ]),
    );
  });
});

describe('annotations', () => {
  it('are protected unless known to be harmless', () => {
    for (const name of ['ProductName', 'Version', '_productName', 'ver', 'prod', 'plat', 'ptype']) {
      expect(annotationVisibility(name), name).toBe('public');
    }
    const hidden = [
      'URL',
      'Email',
      'Comments',
      'guid',
      'productname',
      'switch-1',
      'constructor',
      '__proto__',
      '',
    ];
    for (const name of hidden) expect(annotationVisibility(name), name).toBe('protected');
  });

  it('that Socorro protects are not public', () => {
    const hidden = [
      'Breadcrumbs',
      'JavaStackTrace',
      'MozCrashReason',
      'RemoteType',
      'DumperError',
      'JavaException',
    ];
    expect(publicAnnotations().filter((name) => hidden.includes(name))).toEqual([]);
  });
});

describe('the value of a field', () => {
  const value = (field: ReturnType<typeof publicField>, fields: object = {}) =>
    valueIn(field, raw, { id, signature: 's', ...fields });

  it('is found by the name of an annotation, dots and all, and by a path elsewhere', () => {
    expect(value(protectedField('x', 'keyword', '', { from: 'raw', path: 'a.b' }))).toBe('dotted');
    expect(value(publicField('x', 'keyword', '', { path: 'a.b' }), { a: { b: 'in' } })).toBe('in');
    expect(value(publicField('outcome', 'keyword', '', { from: 'collector' }))).toBe('deferred');
    expect(value(publicField('x', 'keyword', '', { from: 'raw', path: 'toString' }))).toBeNull();
    expect(value(publicField('x', 'keyword', '', { path: '__proto__.toString' }))).toBeNull();
  });

  it('of a list: each once, through lists of objects, none is null', () => {
    const rules = publicField('x', 'keyword', '', { path: 'r.n', many: true });
    expect(value(rules, { r: [{ n: 'a' }, {}, { n: ['b', 'a'] }, 5] })).toEqual(['a', 'b']);
    expect(value(rules, { r: [] })).toBeNull();
    expect(value(rules)).toBeNull();
    expect(value(publicField('notes', 'keyword', '', { from: 'collector', many: true }))).toEqual(['x', 'y']);
    expect(value(publicField('x', 'keyword', '', { from: 'raw', path: 'a', many: true }))).toEqual(['plain']);
  });

  it('is of its type or none', () => {
    const of = (type: Parameters<typeof publicField>[1], x: unknown) =>
      value(publicField('x', type, ''), { x });
    expect(of('integer', '12')).toBe(12);
    expect(of('integer', 1.5)).toBeNull();
    expect(of('integer', '0x10')).toBeNull();
    expect(of('number', ' 1e3 ')).toBe(1000);
    expect(of('number', Number.NaN)).toBeNull();
    expect(of('number', '')).toBeNull();
    expect(of('number', -0)).toBe(0);
    expect(of('boolean', '1')).toBe(true);
    expect(of('boolean', 'perhaps')).toBeNull();
    expect(of('keyword', 5)).toBe('5');
    expect(of('keyword', ['one'])).toBe('one');
    expect(of('keyword', 'a\0\ud800')).toBe('a\ufffd\ufffd');
    expect(of('date', '2026-11-21 10:00')).toBe('2026-11-21T10:00:00.000Z');
    expect(of('date', 'tomorrow')).toBeNull();
  });
});

it('dates without a zone are UTC; those no calendar has are none', () => {
  expect(dateText('2026-11-21T01:02:03')).toBe('2026-11-21T01:02:03.000Z');
  expect(dateText('2026-11-21T01:02:03+01:00')).toBe('2026-11-21T00:02:03.000Z');
  expect(dateText('2026-11-21')).toBe('2026-11-21T00:00:00.000Z');
  expect(dateText('+012026-11-21T00:00:00Z')).toBeUndefined();
  expect(dateText('2026-13-01')).toBeUndefined();
});

it('versions in order', () => {
  const order = [
    '1.0a1',
    '1.0b2',
    '1.0b10',
    '1.0-rc.1',
    '1.0',
    '1.0esr',
    '1.0.0',
    '1.0.1',
    '1.2',
    '1.10',
    '9',
    '10.0',
    '102.0b1',
    '102.0',
    '102.0esr',
    '102.0.1',
    '5000000000000000000000',
  ];
  const byKey = [...order].sort((a, b) => (versionKey(a) < versionKey(b) ? -1 : 1));
  expect(byKey).toEqual(order);
  expect(versionKey('1.0')).toBe(versionKey('01.00'));
});
