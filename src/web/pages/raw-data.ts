/** Raw JSON and dumps; protected as a whole. */
import type { DumpInfo } from '../../model/report.ts';
import { explainDump } from './dump-story.ts';
import { address, bytes, number, plural } from './format.ts';
import { html, type Markup } from './markup.ts';
import type { Report } from './report-model.ts';

/** More than this of JSON is only for download. */
const MAX_SHOWN = 100_000;

function dumpTable(report: Report, dumps: readonly DumpInfo[]): Markup {
  if (dumps.length === 0)
    return html`<p class="none">${explainDump(report.dumpStory) ?? 'No store has a dump of it.'}</p>`;
  return html`<div class="scroll"><table class="dumps stacked" aria-label="Dumps and attachments"><thead><tr><th scope="col">Name</th><th scope="col">Size</th><th scope="col">SHA-256</th></tr></thead>
<tbody>${dumps.map(
    (
      dump,
    ) => html`<tr><td class="module"><a href="${address(`/report/dump/${report.id}`, { name: dump.name })}" download><bdi>${dump.name}</bdi></a></td>
<td class="size" data-label="size" title="${number(dump.size)} bytes">${bytes(dump.size)}</td><td data-label="SHA-256"><code>${dump.sha256 ?? ''}</code></td></tr>`,
  )}</tbody></table></div>`;
}

function dumpsPart(report: Report): Markup {
  const { dumps } = report;
  if (!dumps) return html`<p class="none">Dumps are hidden.</p>`;
  return dumps.ok
    ? dumpTable(report, dumps.value)
    : html`<p class="failure" role="status">${dumps.failure}</p>`;
}

function json(title: string, any: unknown): Markup {
  const text = JSON.stringify(any, null, 2);
  const rest = text.length - MAX_SHOWN;
  return html`<details class="json"><summary><h3>${title}</h3></summary>
<pre tabindex="0"><code>${text.slice(0, MAX_SHOWN)}</code></pre>
${rest > 0 ? html`<p class="note">${plural(rest, 'character')} more in the download.</p>` : ''}</details>`;
}

export function rawTab(report: Report): Markup {
  if (!report.may.seeProtected)
    return html`<div class="locked"><p><span class="badge protected">hidden</span> The raw crash and its dumps may hold personal data: memory of somebody's machine, what they wrote, where they were.</p></div>`;
  return html`<h3>Dumps and attachments</h3>
${dumpsPart(report)}
<h3>JSON</h3>
<p><a href="/report/raw/${report.id}" download>Raw crash</a> · <a href="/report/processed/${report.id}" download>Processed crash</a></p>
${report.raw ? json('Raw crash', report.raw) : ''}
${json('Processed crash', report.processed)}`;
}
