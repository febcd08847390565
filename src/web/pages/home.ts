/** The home page: what crashed lately, what crashes most, and how uploads fare. */
import type { FacetBucket, SearchResult } from '../../search/query.ts';
import type { SpoolState } from '../../spool/contract.ts';
import type { UploadOverview } from '../deps.ts';
import { FILTERS, type HomeQuery, homeAddress, VALUES_SHOWN } from '../routes/home-query.ts';
import type { Sample } from '../sample-crash.ts';
import { ago, number, pager, plural } from './format.ts';
import { guide } from './guide.ts';
import type { Page } from './layout.ts';
import { html, type Markup } from './markup.ts';
import { overview, type QueueState, type Result } from './overview.ts';

export interface HomeParts {
  readonly now: Date;
  readonly query: HomeQuery;
  readonly found: Result<SearchResult>;
  readonly queue: Result<QueueState>;
  readonly uploads: Result<UploadOverview> | undefined;
  readonly spool: SpoolState | undefined;
  readonly sample: Sample | undefined;
  /** How many signatures are counted; the facet may have one more, which says that there are others. */
  readonly signaturesShown: number;
  readonly collectorUrl: string;
  readonly formToken: string;
}

type Hit = SearchResult['hits'][number];

const text = (any: unknown): string => (any === null || any === undefined ? '' : String(any));
const PERIODS = [1, 3, 7, 14, 28, 90] as const;
const LABELS: Readonly<Record<string, string>> = { process_type: 'process type' };

/** A value as a filter that means exactly it, whatever it begins with. */
const exactly = (value: string): string => `=${value}`;

function state(hit: Hit): Markup {
  if (hit['complete'] === false || hit['complete'] === 'false')
    return html`<span class="badge warn" title="A rule of the processor failed">incomplete</span>`;
  return html`<span class="badge good">processed</span>`;
}

/** Two lines at most: anybody may send any text. The whole is in the title. */
const clamped = (whole: string, shown: Markup = html`<bdi>${whole}</bdi>`): Markup =>
  html`<span class="clamp" title="${whole}">${shown}</span>`;

function row(hit: Hit, now: Date): Markup {
  const id = text(hit['uuid']);
  const product = `${text(hit['product'])} ${text(hit['version'])}`.trim();
  return html`<tr>
<td class="time" data-label="time"><a href="/report/index/${encodeURIComponent(id.toWellFormed())}">${ago(hit['date'], now)}</a></td>
<td class="signature" data-label="signature"><a href="/report/index/${encodeURIComponent(id.toWellFormed())}"><bdi>${text(hit['signature']) || 'no signature'}</bdi></a>
${hit['reason'] ? html`<small><bdi>${text(hit['reason'])}</bdi></small>` : ''}</td>
<td data-label="product">${clamped(product, html`<bdi>${text(hit['product'])}</bdi> <bdi class="version">${text(hit['version'])}</bdi>`)}</td>
<td data-label="platform">${clamped(text(hit['platform']))}</td>
<td data-label="process">${clamped(text(hit['process_type']))}</td>
<td data-label="state">${state(hit)}</td>
</tr>`;
}

function recent(result: SearchResult, parts: HomeParts): Markup {
  const { query } = parts;
  return html`<section aria-labelledby="recent"><h2 id="recent">Recent crashes
<span class="count">${result.total.exact ? '' : 'about '}${number(result.total.count)}</span></h2>
<div class="scroll"><table class="crashes" aria-labelledby="recent">
<thead><tr><th scope="col">Time</th><th scope="col">Signature</th><th scope="col">Product</th><th scope="col">Platform</th><th scope="col">Process</th><th scope="col">State</th></tr></thead>
<tbody>${result.hits.map((hit) => row(hit, parts.now))}</tbody>
</table></div>
${pager(
  {
    page: query.page,
    size: query.search.limit ?? result.hits.length,
    total: result.total.count,
    exact: result.total.exact,
  },
  (page) => homeAddress(query, { page }),
  'crashes',
)}</section>`;
}

function signatures(
  buckets: readonly FacetBucket[],
  total: number,
  { query, signaturesShown }: HomeParts,
): Markup {
  const shown = buckets.slice(0, signaturesShown);
  const most = Math.max(1, ...buckets.map((bucket) => bucket.count));
  return html`<section aria-labelledby="top"><h2 id="top">Signatures</h2>
<table class="signatures" aria-labelledby="top">
<thead><tr><th scope="col" class="n">Crashes</th><th scope="col" class="n">Share</th><th scope="col">Signature</th></tr></thead>
<tbody>${shown.map(
    (bucket) => html`<tr>
<td class="n">${number(bucket.count)}</td>
<td class="n">${((100 * bucket.count) / Math.max(1, total)).toFixed(1)} %<meter aria-hidden="true" min="0" max="${most}" value="${bucket.count}"></meter></td>
<td class="signature"><a href="${homeAddress(query, { signature: exactly(bucket.term) })}"><bdi>${bucket.term || 'no signature'}</bdi></a></td>
</tr>`,
  )}</tbody></table>
${buckets.length > shown.length ? html`<p class="note">and others: these are the ${number(shown.length)} most frequent.</p>` : ''}</section>`;
}

const chosen = (query: HomeQuery, name: string): readonly string[] => query.filters[name] ?? [];

function facet(name: string, buckets: readonly FacetBucket[], query: HomeQuery): Markup {
  if (buckets.length === 0 || chosen(query, name).length > 0) return html``;
  return html`<div class="facet"><h3>${LABELS[name] ?? name}</h3><ul>${buckets
    .slice(0, VALUES_SHOWN)
    .map(
      (bucket) =>
        html`<li><a class="clamp" title="${bucket.term}" href="${homeAddress(query, { [name]: exactly(bucket.term) })}"><bdi>${bucket.term || '(empty)'}</bdi></a> <span class="count">${number(bucket.count)}</span></li>`,
    )}</ul>${buckets.length > VALUES_SHOWN ? html`<p class="note">and others</p>` : ''}</div>`;
}

function filterBar(query: HomeQuery): Markup {
  const active = FILTERS.flatMap((name) => chosen(query, name).map((value) => ({ name, value })));
  return html`<section class="filters" aria-label="Filters">
<nav aria-label="Period"><span>Last</span> ${PERIODS.map((days) =>
    days === query.days
      ? html`<b aria-current="true">${plural(days, 'day')}</b> `
      : html`<a href="${homeAddress(query, { days })}">${plural(days, 'day')}</a> `,
  )}${PERIODS.some((days) => days === query.days) ? '' : html`<b aria-current="true">${plural(query.days, 'day')}</b>`}</nav>
${
  active.length > 0
    ? html`<ul class="chips">${active.map(
        ({ name, value }) =>
          html`<li><span>${LABELS[name] ?? name}</span> <bdi>${value}</bdi> <a href="${homeAddress(query, {
            [name]: chosen(query, name).filter((one) => one !== value),
          })}" aria-label="Remove the filter ${name} ${value}">✕</a></li>`,
      )}</ul>`
    : ''
}
</section>`;
}

function nothing(parts: HomeParts): Markup {
  const filtered = Object.keys(parts.query.filters).length > 0;
  if (filtered)
    return html`<section class="empty"><h2>No crash matches</h2>
<p>None of the last ${plural(parts.query.days, 'day')}. <a href="${homeAddress({ filters: {}, days: parts.query.days })}">Without filters</a></p></section>`;
  if (parts.query.page > 1)
    return html`<section class="empty"><h2>No more crashes</h2><p><a href="${homeAddress(parts.query)}">First page</a></p></section>`;
  return html`<section class="empty"><h2>No crash of the last ${plural(parts.query.days, 'day')} yet</h2>
<p>The collector listens at <code>${parts.collectorUrl}</code>. Send it one:</p></section>
${guide(parts)}`;
}

function crashes(result: SearchResult, parts: HomeParts): Markup {
  const warnings = result.warnings.map((warning) => html`<p class="failure" role="status">${warning}</p>`);
  if (result.hits.length === 0) return html`${warnings}${nothing(parts)}`;
  const facets = FILTERS.slice(1).map((name) => facet(name, result.facets[name] ?? [], parts.query));
  return html`${warnings}
<div class="columns"><div>${signatures(result.facets['signature'] ?? [], result.total.count, parts)}</div>
<aside aria-label="Narrow down">${facets}</aside></div>
${recent(result, parts)}`;
}

export function homePage(parts: HomeParts): Page {
  const { found } = parts;
  const signature = parts.query.filters['signature']?.[0];
  return {
    title: signature ? `Crashes: ${signature}` : 'Crashes',
    ...(signature ? { query: signature } : {}),
    body: html`<h1 class="unseen">Crashes</h1>
${overview(parts.uploads, parts.spool, parts.queue, parts.now)}
${filterBar(parts.query)}
${found.ok ? crashes(found.value, parts) : html`<section class="failure" role="alert"><h2>Crashes cannot be listed now</h2><p>${found.failure}</p><p>Uploads are taken all the same, and reports open by their id.</p></section>`}`,
  };
}
