/** What became of uploads, and what waits: the figures of the home page. */

import { LANES, type Lane } from '../../queue/contract.ts';
import type { SpoolState } from '../../spool/contract.ts';
import type { OutcomeCount, UploadOverview } from '../deps.ts';
import { ago, bytes, moment, number, plural } from './format.ts';
import { html, type Markup, type Value } from './markup.ts';

/** A value, or why there is none. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: string };

export interface QueueState {
  readonly depths: Readonly<Record<Lane, number>>;
  readonly dead: number;
  /** Dead letters are counted up to here. */
  readonly deadCounted: number;
}

const term = (name: Value, value: Value, warn = false): Markup =>
  html`<div${warn ? html` class="warn"` : ''}><dt>${name}</dt><dd>${value}</dd></div>`;

const REASONS_OPEN = 3;

const unknown = (failure: string): Markup => html`<p class="failure" role="status">Not known: ${failure}</p>`;

function outcomeTerms(counts: readonly OutcomeCount[]): readonly Markup[] {
  const totals = new Map<string, OutcomeCount[]>();
  for (const one of counts) totals.set(one.outcome, [...(totals.get(one.outcome) ?? []), one]);
  return [...totals].map(([outcome, parts]) => {
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    return term(outcome, html`${number(count)}${outcome === 'accepted' ? '' : reasonList(parts)}`);
  });
}

/** The most frequent reasons, and the others folded. */
function reasonList(parts: readonly OutcomeCount[]): Markup {
  const all = parts.filter((part) => part.reason !== undefined).sort((a, b) => b.count - a.count);
  const items = (some: readonly OutcomeCount[]): Markup =>
    html`<ul class="reasons">${some.map((part) => html`<li><bdi>${part.reason}</bdi> ${number(part.count)}</li>`)}</ul>`;
  const rest = all.slice(REASONS_OPEN);
  if (all.length === 0) return html``;
  return html`${items(all.slice(0, REASONS_OPEN))}${
    rest.length > 0
      ? html`<details class="reasons"><summary>${plural(rest.length, 'more reason')}</summary>${items(rest)}</details>`
      : ''
  }`;
}

function uploadPanel(uploads: Result<UploadOverview> | undefined, now: Date): Markup {
  if (!uploads)
    return html`<p class="none">The collector runs elsewhere: its own /metrics has its counts.</p>`;
  if (!uploads.ok) return unknown(uploads.failure);
  const terms = outcomeTerms(uploads.value.outcomes);
  return html`${terms.length > 0 ? html`<dl class="figures">${terms}</dl>` : html`<p class="none">None yet.</p>`}
<p class="note">since ${moment(uploads.value.since, now)}</p>`;
}

const ROOM: Readonly<Record<SpoolState['room'], string>> = {
  all: 'everything is accepted',
  annotations_only: 'disk reserve reached: annotations only, dumps are dropped',
  full: 'full: uploads are answered 503',
};

/** `storage: …` or `queue: …`: what follows is an error's message, for the log and not for a page. */
const waitsFor = (text: string): string => (text.startsWith('queue') ? 'the queue' : 'the store');

function spoolPanel(spool: SpoolState, now: Date): Markup {
  return html`<dl class="figures">
${term('waiting', html`${number(spool.entries)}${spool.entries > 0 ? html` <small>${bytes(spool.bytes)}</small>` : ''}`)}
${spool.oldest ? term('oldest', ago(spool.oldest, now)) : ''}
${term('disk free', bytes(spool.free))}
${spool.room === 'all' ? '' : term('room', ROOM[spool.room], true)}
${spool.failed > 0 ? term('refused by the store', number(spool.failed), true) : ''}
</dl>
${spool.waitingFor === null ? '' : html`<p class="failure" role="status">Reports wait on disk: ${waitsFor(spool.waitingFor)} is not taking them. None is lost.</p>`}`;
}

function queuePanel(queue: Result<QueueState>): Markup {
  if (!queue.ok) return unknown(queue.failure);
  const { depths, dead, deadCounted } = queue.value;
  return html`<dl class="figures">
${LANES.map((lane) => term(lane, number(depths[lane])))}
${term('dead letters', dead > deadCounted ? `more than ${number(deadCounted)}` : number(dead), dead > 0)}
</dl>
${dead > 0 ? html`<p class="note">${plural(dead, 'crash', 'crashes')} could not be processed: <code>auxilio queue dead</code> says why.</p>` : ''}`;
}

export function overview(
  uploads: Result<UploadOverview> | undefined,
  spool: SpoolState | undefined,
  queue: Result<QueueState>,
  now: Date,
): Markup {
  return html`<section class="panels" aria-label="State">
<div class="panel"><h2>Uploads</h2>${uploadPanel(uploads, now)}</div>
${spool ? html`<div class="panel"><h2>Spool</h2>${spoolPanel(spool, now)}</div>` : ''}
<div class="panel"><h2>Queue</h2>${queuePanel(queue)}</div>
</section>`;
}
