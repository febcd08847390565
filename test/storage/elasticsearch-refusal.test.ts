/** What Elasticsearch says of a document that it does not take, and which field it means. */
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../src/storage/elasticsearch/refusal.ts';

describe('refusals', () => {
  const known = new Set(['sig', 'url_full', 'uptime', 'date']);
  it.each([
    [
      "[1:16] failed to parse field [sig.integer] of type [long] in document with id '1'. Preview of field's value: 'field [uptime]'",
      'value',
      'sig',
    ],
    [
      '[1:15] mapping set to strict, dynamic introduction of [foo] within [sig] is not allowed',
      'unmapped',
      'sig',
    ],
    [
      '[1:7] mapping set to strict, dynamic introduction of [uptime] within [_doc] is not allowed',
      'unmapped',
      'uptime',
    ],
    [
      '[1:8] object mapping for [sig] tried to parse field [sig] as object, but found a concrete value',
      'value',
      'sig',
    ],
    [
      'Document contains at least one immense term in field="url_full.full" (whose UTF8 encoding is longer than the max length 32766)',
      'value',
      'url_full',
    ],
    ['DocValuesField "sig.keyword" is too large, must be <= 32766', 'value', 'sig'],
    ['Cannot write to a field alias [sig.keyword].', 'value', 'sig'],
    // Elasticsearch 1, as in socorro.md 3.9.
    [
      'RemoteTransportException … NumberFormatException[For input string: "x"] [failed to parse [uptime]]',
      'value',
      'uptime',
    ],
    ['Document contains at least one immense term in field="crash_id"', undefined, undefined],
    [
      "failed to parse field [other] of type [long]. Preview of field's value: 'immense term in field=\"sig\"'",
      undefined,
      undefined,
    ],
    ['something else', undefined, undefined],
  ])('names the field of every known refusal: %s', (reason, kind, field) => {
    const refusal = refusalOf({ type: 'x', reason }, (name) => known.has(name));
    expect(refusal).toEqual(kind === undefined ? undefined : { kind, field });
  });

  it('looks into causes, the outer ones first', () => {
    const inner = { type: 'x', reason: 'failed to parse field [uptime] of type [long]' };
    expect(refusalOf({ reason: 'no', caused_by: inner }, (n) => known.has(n))?.field).toBe('uptime');
    const outer = 'failed to parse field [date.date] of type [date]';
    expect(refusalOf({ reason: outer, caused_by: inner }, (n) => known.has(n))?.field).toBe('date');
    expect(refusalOf(undefined, () => true)).toBeUndefined();
  });
});
