/** The first tab: the stack that crashed, and every field that has a value. */
import { hiddenNotice } from './annotations.ts';
import type { FieldValue } from './fields.ts';
import { bytes, moment, span, value } from './format.ts';
import { html, type Markup } from './markup.ts';
import type { Report } from './report-model.ts';
import { crashingStack } from './threads.ts';
import type { Unsent } from './unsent.ts';

const FRAMES_SHOWN = 60;

/** Shown in the head of the page or in tabs of their own. */
const ELSEWHERE = new Set([
  'uuid',
  'signature',
  'product',
  'version',
  'processor_notes',
  'collector_notes',
  'complete',
  'failed_rules',
  'thread_count',
]);

const SECONDS = new Set(['uptime', 'install_age', 'last_crash']);

/** A value that nobody sent is no fact; what searches take it for is in its title. */
const madeUp = ({ annotation, state }: Unsent, { field, value: any }: FieldValue): Markup =>
  html`<span class="none" title="${annotation} is ${state === 'not sent' ? 'missing' : state}; a search takes ${field.name} for ${String(any)}">${state}</span>`;

function shown({ field, value: any }: FieldValue, { now, unsent, limits }: Report): Markup {
  const missing = unsent.get(field.name);
  if (missing !== undefined) return madeUp(missing, { field, value: any });
  if (field.name === 'outcome' && limits.length > 0)
    return html`${value(any)} <small>limit ${limits.join(', ')} was hit</small>`;
  if (field.type === 'date') return moment(any, now);
  const count =
    typeof any === 'number'
      ? any
      : typeof any === 'string' && /^\d{1,15}$/.test(any)
        ? Number(any)
        : undefined;
  if (count !== undefined && SECONDS.has(field.name))
    return html`${span(count)}${count >= 60 ? html` <small>${count} s</small>` : ''}`;
  if (count !== undefined && /memory|page_file|_size$/.test(field.name))
    return html`${bytes(count)} <small>${count}</small>`;
  return value(any);
}

function row(one: FieldValue, report: Report): Markup {
  return html`<tr><th scope="row" title="${one.field.doc}">${one.field.name.replaceAll('_', ' ')}${
    one.field.visibility === 'protected' ? html` <span class="badge protected">protected</span>` : ''
  }</th><td>${shown(one, report)}</td></tr>`;
}

export function detailsTab(report: Report): Markup {
  const rows = report.values.filter((one) => !ELSEWHERE.has(one.field.name));
  return html`${crashingStack(report, FRAMES_SHOWN)}
<section aria-labelledby="fields"><h3 id="fields">Fields</h3>
${hiddenNotice(report.hidden, 'field')}
<div class="scroll"><table class="facts" aria-labelledby="fields"><thead class="unseen"><tr><th scope="col">Field</th><th scope="col">Value</th></tr></thead>
<tbody>${rows.map((one) => row(one, report))}</tbody></table></div></section>`;
}
