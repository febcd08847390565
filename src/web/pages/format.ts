/** Values as people read them. */
import { html, type Markup } from './markup.ts';
import { webAddress } from './source-link.ts';

const KIB = 1024;
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.4 MiB`; exact below 1 KiB. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= KIB && unit < BYTE_UNITS.length - 1) {
    value /= KIB;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

const SPANS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** `2 d 3 h`, `4 min 5 s`: the two largest units. */
export function span(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [unit, size] of SPANS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 && parts.length < 2) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.join(' ') || '0 s';
}

export const number = (value: number): string => value.toLocaleString('en-US');

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

const MS_PER_SECOND = 1000;

/** A moment with its distance from now; a text that is no date as it stands. */
export function moment(iso: unknown, now: Date): Markup {
  if (iso === null || iso === undefined || iso === '') return html`<span class="none">–</span>`;
  const time = new Date(String(iso));
  if (Number.isNaN(time.getTime())) return html`${String(iso)}`;
  const text = `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const ago = (now.getTime() - time.getTime()) / MS_PER_SECOND;
  const distance = ago >= 0 ? `${span(ago)} ago` : `in ${span(-ago)}`;
  return html`<time datetime="${time.toISOString()}" title="${distance}">${text}</time>`;
}

/** How long ago, with the moment as its title. */
export function ago(iso: unknown, now: Date): Markup {
  const time = new Date(String(iso));
  if (iso === null || iso === undefined || Number.isNaN(time.getTime())) return moment(iso, now);
  const seconds = Math.max(0, (now.getTime() - time.getTime()) / MS_PER_SECOND);
  return html`<time datetime="${time.toISOString()}" title="${time.toISOString()}">${span(seconds)} ago</time>`;
}

/** Longer values are cut on pages and whole in the raw JSON. */
const MAX_SHOWN = 10_000;

/** Longer lists are folded after these. */
const ITEMS_OPEN = 20;
const ITEMS_SHOWN = 500;

const items = (all: readonly unknown[]): Markup =>
  html`<ul class="values">${all.map((one) => html`<li>${value(one)}</li>`)}</ul>`;

function list(all: readonly unknown[]): Markup {
  if (all.length <= ITEMS_OPEN) return items(all);
  const cut = all.length - ITEMS_SHOWN;
  return html`${items(all.slice(0, ITEMS_OPEN))}
<details><summary>${number(all.length - ITEMS_OPEN)} more</summary>${items(all.slice(ITEMS_OPEN, ITEMS_SHOWN))}${
    cut > 0 ? html`<em class="cut">… ${number(cut)} more, see the raw JSON</em>` : ''
  }</details>`;
}

/** Any value of a crash; a web address becomes a link that tells nothing to its host. */
export function value(any: unknown): Markup {
  if (any === null || any === undefined || any === '') return html`<span class="none">–</span>`;
  if (typeof any === 'boolean') return html`${any ? 'yes' : 'no'}`;
  if (Array.isArray(any) && any.every((one) => typeof one !== 'object')) return list(any);
  const text = typeof any === 'object' ? JSON.stringify(any, null, 2) : String(any);
  const address = webAddress(text);
  if (address) return outward(address, text);
  const shown = text.slice(0, MAX_SHOWN);
  const rest = text.length - shown.length;
  return html`<span class="value">${shown}</span>${
    rest > 0 ? html` <em class="cut">… ${plural(rest, 'character')} more, see the raw JSON</em>` : ''
  }`;
}

/** A link to somewhere else. `href` must have come from `webAddress` or `sourceFile`. */
export const outward = (href: string, text: string): Markup =>
  html`<a href="${href}" rel="noopener noreferrer nofollow" target="_blank">${text}</a>`;

/** An address of this site with its query; undefined parameters are left out. */
export function address(
  path: string,
  query: Readonly<Record<string, string | number | readonly string[] | undefined>> = {},
): string {
  const params = new URLSearchParams();
  for (const [key, given] of Object.entries(query)) {
    if (given === undefined) continue;
    for (const one of Array.isArray(given) ? given : [given]) params.append(key, String(one));
  }
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

export interface PagerState {
  /** From 1. */
  readonly page: number;
  readonly size: number;
  readonly total: number;
  readonly exact?: boolean;
}

/** Links to the pages before and after; nothing when all is on one. */
export function pager(state: PagerState, href: (page: number) => string, what: string): Markup {
  const { page, size, total } = state;
  const pages = Math.max(1, Math.ceil(total / size));
  if (pages === 1 && page === 1) return html``;
  const first = Math.min((page - 1) * size + 1, total);
  const last = Math.min(page * size, total);
  return html`<nav class="pager" aria-label="Pages of ${what}">
${page > 1 ? html`<a rel="prev" href="${href(page - 1)}">← previous</a>` : html`<span class="none">← previous</span>`}
<span>${number(first)}–${number(last)} of ${state.exact === false ? 'about ' : ''}${number(total)} ${what}</span>
${page < pages ? html`<a rel="next" href="${href(page + 1)}">next →</a>` : html`<span class="none">next →</span>`}
</nav>`;
}
