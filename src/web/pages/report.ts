/** The report page: one crash, in tabs that are addresses of their own. */
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import { annotationsTab } from './annotations.ts';
import { bugList } from './bugs.ts';
import { detailsTab } from './details.ts';
import { address, moment } from './format.ts';
import { type Page, tokenField } from './layout.ts';
import { html, type Markup, type Value } from './markup.ts';
import { modulesTab } from './modules.ts';
import { notesTab } from './notes.ts';
import { rawTab } from './raw-data.ts';
import { type Report, reportAddress, TABS, type Tab } from './report-model.ts';
import { signatureTab } from './signature-explanation.ts';
import { threadsTab } from './threads.ts';

const text = (any: unknown): string | undefined =>
  any === null || any === undefined || any === '' ? undefined : String(any);

function incomplete(processed: ProcessedCrash): Markup {
  const failed = processed.failed_rules ?? [];
  if (processed.complete !== false && failed.length === 0) return html``;
  return html`<div class="failure" role="alert"><strong>Incomplete.</strong> ${
    failed.length > 0
      ? html`These rules of the processor failed, so parts may be missing or wrong: ${failed.map(
          (rule, i) =>
            html`${i > 0 ? ', ' : ''}<code>${rule.rule}</code>${rule.reason ? ` (${rule.reason})` : ''}`,
        )}.`
      : 'The processor marked this crash as half processed.'
  }</div>`;
}

const fact = (name: string, value: Value): Markup | '' =>
  value === undefined || value === '' ? '' : html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

/** When it crashed; a time that was made up is not shown. */
function crashedAt({ processed, unsent, now }: Report): Markup | undefined {
  const crashed = processed['client_crash_date'];
  const madeUp = unsent.get('client_crash_date');
  if (madeUp) return html`<span class="none">${madeUp.state}</span>`;
  return crashed ? moment(crashed, now) : undefined;
}

function facts(report: Report): Markup {
  const { processed } = report;
  const walk = processed.json_dump;
  const reason = text(processed['reason']) ?? text(walk?.crash_info?.type);
  const at = text(processed['address']) ?? text(walk?.crash_info?.address);
  const os =
    text(processed['os_pretty_version']) ??
    [processed['os_name'] ?? walk?.system_info?.os, processed['os_version'] ?? walk?.system_info?.os_ver]
      .filter(Boolean)
      .join(' ');
  const product = text([processed.product, processed.version].filter(Boolean).join(' '));
  return html`<dl class="head-facts">
${fact('Product', product && html`<span class="clamp" title="${product}">${product}</span>`)}
${fact('Crash reason', reason && html`<b>${reason}</b>${at ? html` at <code>${at}</code>` : ''}`)}
${fact('System', text([os, processed['cpu_arch'] ?? walk?.system_info?.cpu_arch].filter(Boolean).join(' · ')))}
${fact('Process', text(processed['process_type']))}
${fact('Crashed', crashedAt(report))}
${fact('Received', processed.date_processed ? moment(processed.date_processed, report.now) : undefined)}
${fact('Crash id', html`<code class="id">bp-${report.id}</code>`)}
</dl>`;
}

function actions(report: Report): Markup {
  const { may, id } = report;
  if (!may.reprocess && !may.remove) return html``;
  return html`<div class="actions">${
    may.reprocess
      ? html`<form method="post" action="/report/reprocess/${id}">${tokenField(report.formToken)}<button>Process again</button></form>`
      : ''
  }${may.remove ? html`<a class="button" href="/report/remove/${id}">Remove…</a>` : ''}</div>`;
}

const tabs = (report: Report): Markup =>
  html`<nav class="tabs" aria-label="Parts of the report"><ul>${(Object.keys(TABS) as Tab[]).map(
    (tab) =>
      html`<li><a href="${reportAddress(report.id, tab === 'details' ? {} : { tab })}"${
        tab === report.tab ? html` aria-current="page"` : ''
      }>${TABS[tab]}</a></li>`,
  )}</ul></nav>`;

const CONTENT: Readonly<Record<Tab, (report: Report) => Markup>> = {
  details: detailsTab,
  threads: threadsTab,
  modules: modulesTab,
  annotations: (report) => annotationsTab(report.annotations, report.rawFailure),
  signature: signatureTab,
  notes: notesTab,
  raw: rawTab,
};

const PUBLIC_VIEW = html`<p class="hidden-notice">This is the public part: signature, stacks, modules, product, version, system and dates. What a person wrote, unknown annotations, registers, raw JSON and dumps are hidden. <a href="/open">How to see protected data</a></p>`;

export function reportPage(report: Report): Page {
  const signature = report.processed.signature || 'no signature';
  return {
    title: `${signature} – ${TABS[report.tab]}`,
    body: html`<article class="report">
<header class="report-head">
<h1 class="signature"><a href="${address('/', { signature: `=${report.processed.signature}` })}" title="Crashes with this signature"><bdi>${signature}</bdi></a></h1>
${facts(report)}
${bugList(report.bugs)}
${actions(report)}
</header>
${report.queued ? html`<p class="done-notice" role="status">Queued: it is processed again before anything else. Reload in a moment.</p>` : ''}
${report.may.seeProtected ? '' : PUBLIC_VIEW}
${incomplete(report.processed)}
${report.rawFailure ? html`<p class="failure" role="status">The raw crash cannot be read now: ${report.rawFailure}</p>` : ''}
${tabs(report)}
<div class="tab">
<h2 class="unseen">${TABS[report.tab]}</h2>
${CONTENT[report.tab](report)}
</div>
</article>`,
  };
}
