import { describe, expect, it } from 'vitest';
import { FIELDS } from '../../src/search/field-list.ts';
import { ANYONE, checkFields, checkQuery, OWNER, visibleTo } from '../../src/search/permissions.ts';
import type { Facet, SearchQuery } from '../../src/search/query.ts';

const query = (rest: Partial<SearchQuery>): SearchQuery => ({
  from: new Date(0),
  to: new Date(1),
  filters: [],
  columns: ['uuid'],
  ...rest,
});

const refused = (rest: Partial<SearchQuery>): unknown => {
  try {
    checkQuery(query(rest), FIELDS, ANYONE);
    return undefined;
  } catch (error) {
    const { code, fields } = error as { code: string; fields: readonly string[] };
    return { code, fields };
  }
};

const denied = { code: 'permission_denied', fields: ['email'] };

describe('a hidden field', () => {
  const by = (facet: Facet): Facet => ({ field: 'signature', by: [{ field: 'product', by: [facet] }] });
  it.each<[string, Partial<SearchQuery>]>([
    ['filter', { filters: [{ field: 'email', operator: 'is', values: ['x'] }] }],
    ['negated filter', { filters: [{ field: 'email', operator: 'exists', not: true, values: [] }] }],
    ['column', { columns: ['uuid', 'email'] }],
    ['facet', { facets: [{ field: 'email' }] }],
    ['nested facet', { facets: [by({ field: 'email' })] }],
    ['histogram', { facets: [{ field: 'email', interval: 'day' }] }],
    ['sort', { sort: [{ field: 'email', descending: true }] }],
  ])('is refused as a %s', (_, rest) => {
    expect(refused(rest)).toEqual(denied);
    expect(() => checkQuery(query(rest), FIELDS, OWNER)).not.toThrow();
  });

  it('is named in the refusal, with the others', () => {
    expect(() => checkFields(['url', 'signature', 'email'], FIELDS, ANYONE)).toThrow(
      'no permission to see: url, email',
    );
  });

  it('is not shown to choose from', () => {
    const names = visibleTo(ANYONE, FIELDS).map((f) => f.name);
    expect(names).toContain('signature');
    expect(names).not.toContain('email');
    expect(visibleTo(OWNER, FIELDS)).toEqual(FIELDS);
  });

  it('needs its own permission: that for dumps does not do', () => {
    const viewer = { permissions: new Set(['view_dumps', 'reprocess'] as const) };
    expect(() => checkFields(['email'], FIELDS, viewer)).toThrow(/no permission/);
  });
});

it('an unknown field is invalid, for everybody', () => {
  expect(refused({ columns: ['nonsense'] })).toEqual({ code: 'invalid', fields: ['nonsense'] });
  expect(() => checkQuery(query({ sort: [{ field: 'constructor' }] }), FIELDS, OWNER)).toThrow(
    'unknown field: constructor',
  );
});

it('a query on public fields passes', () => {
  expect(
    refused({
      filters: [{ field: 'product', operator: 'is', values: ['x'] }],
      columns: ['uuid', 'date', 'signature'],
      sort: [{ field: 'date' }],
      facets: [by('signature')],
    }),
  ).toBeUndefined();
  function by(field: string): Facet {
    return { field, by: [{ field: 'version' }] };
  }
});
