/** What the programs that handled the crash have to say. */
import { html, type Markup } from './markup.ts';
import type { Report } from './report-model.ts';

const list = (title: string, lines: readonly string[]): Markup =>
  html`<h3>${title}</h3>${
    lines.length > 0
      ? html`<ul class="notes">${lines.map((line) => html`<li><bdi>${line}</bdi></li>`)}</ul>`
      : html`<p class="none">None.</p>`
  }`;

function lines(any: unknown): readonly string[] {
  const all = Array.isArray(any) ? any.map(String) : typeof any === 'string' ? any.split('\n') : [];
  return all.map((line) => line.trim()).filter((line) => line !== '');
}

/** A field by name, when the visitor may see it. */
const field = (report: Report, name: string): unknown =>
  report.values.find((one) => one.field.name === name)?.value;

export function notesTab(report: Report): Markup {
  const failed = (report.processed.failed_rules ?? []).map((rule) => `${rule.rule}: ${rule.reason}`);
  return html`${failed.length > 0 ? list('Failed rules', failed) : ''}
${list('Processor and signature generator', lines(field(report, 'processor_notes')))}
${list('Collector', lines(field(report, 'collector_notes')))}`;
}
