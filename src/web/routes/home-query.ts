/** The home page's address as a search, and back. */
import type { FastifyRequest } from 'fastify';
import type { Filter, Operator, SearchQuery } from '../../search/query.ts';
import { PageError } from '../page-error.ts';
import { address } from '../pages/format.ts';
import { values, whole } from './query.ts';

/** Fields that the home page filters by; parameter and field have the same name. */
export const FILTERS = ['signature', 'product', 'version', 'platform', 'process_type'] as const;

const COLUMNS = [
  'uuid',
  'date',
  'signature',
  'product',
  'version',
  'platform',
  'process_type',
  'reason',
  'complete',
] as const;

/** Values of a facet beside the list of signatures. */
export const VALUES_SHOWN = 8;

const DAY_MS = 86_400_000;
const MAX_DAYS = 365;
/** Deep pages cost every engine dear and Elasticsearch refuses them past this; people narrow the search instead. */
const MAX_RESULTS = 10_000;
/** Clocks of other machines may run ahead of ours. */
const AHEAD_MS = 5 * 60_000;

/** Operators as Super Search writes them before a value; without one the value is meant as it stands. */
const PREFIXES: Readonly<Record<string, Operator>> = { '=': 'is', '~': 'contains', '^': 'starts', $: 'ends' };

export interface HomeQuery {
  /** As given, prefixes included. */
  readonly filters: Readonly<Record<string, readonly string[]>>;
  readonly days: number;
  readonly page: number;
  readonly search: SearchQuery;
}

function parseFilter(field: string, text: string): Filter {
  const operator = PREFIXES[text.charAt(0)];
  return operator ? { field, operator, values: [text.slice(1)] } : { field, operator: 'is', values: [text] };
}

export interface HomeLimits {
  readonly now: Date;
  readonly windowMs: number;
  readonly pageSize: number;
  readonly facetSize: number;
}

/** Throws `PageError` 400. */
export function parseHomeQuery(request: FastifyRequest, limits: HomeLimits): HomeQuery {
  const usual = Math.max(1, Math.round(limits.windowMs / DAY_MS));
  const days = whole(request, 'days', { min: 1, max: MAX_DAYS, otherwise: Math.min(usual, MAX_DAYS) });
  const page = whole(request, 'page', { min: 1, max: MAX_RESULTS, otherwise: 1 });
  const offset = (page - 1) * limits.pageSize;
  if (offset + limits.pageSize > MAX_RESULTS)
    throw new PageError(400, 'Too far', 'Pages end at 10,000 crashes: choose a shorter period or a filter.');
  const filters: Record<string, readonly string[]> = {};
  for (const name of FILTERS) {
    const given = values(request, name);
    if (given.length > 0) filters[name] = given;
  }
  return {
    filters,
    days,
    page,
    search: {
      from: new Date(limits.now.getTime() - days * DAY_MS),
      to: new Date(limits.now.getTime() + AHEAD_MS),
      filters: Object.entries(filters).flatMap(([name, given]) =>
        given.map((text) => parseFilter(name, text)),
      ),
      columns: COLUMNS,
      sort: [{ field: 'date', descending: true }],
      facets: [
        // One more than is shown tells whether there are others.
        { field: 'signature', size: limits.facetSize + 1 },
        ...FILTERS.slice(1).map((field) => ({ field, size: VALUES_SHOWN + 1 })),
      ],
      offset,
      limit: limits.pageSize,
    },
  };
}

/** The address of the home page with something changed; the page number goes unless it is given. */
export const homeAddress = (
  query: Pick<HomeQuery, 'filters' | 'days'>,
  change: Readonly<Record<string, string | number | readonly string[] | undefined>> = {},
): string => address('/', { ...query.filters, days: query.days, ...change });
