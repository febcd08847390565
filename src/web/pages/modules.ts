/** What was loaded into the process. */
import type { StackModule } from '../../model/processed-crash.ts';
import { explainDump } from './dump-story.ts';
import { number, pager } from './format.ts';
import { html, type Markup } from './markup.ts';
import { type Report, reportAddress } from './report-model.ts';

function symbols(module: StackModule): Markup {
  if (module.corrupt_symbols) return html`<span class="badge bad">corrupt</span>`;
  if (module.loaded_symbols) return html`<span class="badge good">loaded</span>`;
  if (module.missing_symbols) return html`<span class="badge warn">missing</span>`;
  return html`<span class="none" title="No frame of any stack lies in it">not needed</span>`;
}

// Breakpad's walker says 0.0.0.0 of every module of Linux: ELF files carry no version. Test: test/web/report.test.ts.
const version = ({ version: given }: StackModule): string => (given === '0.0.0.0' ? '' : (given ?? ''));

/** Named where it is not the module itself: `foo.pdb` of `foo.dll`. */
const debugFile = (module: StackModule): Markup | '' =>
  module.debug_file && module.debug_file !== module.filename
    ? html` <small><bdi>${module.debug_file}</bdi></small>`
    : '';

function row(module: StackModule, isMain: boolean): Markup {
  return html`<tr><td class="module"><bdi>${module.filename}</bdi>${isMain ? html` <span class="badge plain">main</span>` : ''}</td>
<td data-label="version"><bdi>${version(module)}</bdi></td>
<td data-label="debug id"><code>${module.debug_id ?? ''}</code>${debugFile(module)}</td>
<td data-label="code id"><code>${module.code_id ?? ''}</code></td>
<td data-label="base"><code>${module.base_addr ?? ''}</code></td>
<td data-label="symbols">${symbols(module)}</td></tr>`;
}

const text = (any: unknown): string => (any === null || any === undefined ? '' : String(any));

function unloaded(modules: readonly Readonly<Record<string, unknown>>[]): Markup {
  if (modules.length === 0) return html``;
  return html`<h3>Unloaded modules <span class="count">${number(modules.length)}</span></h3>
<div class="scroll"><table class="modules stacked" aria-label="Unloaded modules"><thead><tr><th scope="col">Module</th><th scope="col">Base</th><th scope="col">End</th><th scope="col">Code id</th></tr></thead>
<tbody>${modules.map(
    (
      m,
    ) => html`<tr><td class="module"><bdi>${text(m['filename'])}</bdi></td><td data-label="base"><code>${text(m['base_addr'])}</code></td>
<td data-label="end"><code>${text(m['end_addr'])}</code></td><td data-label="code id"><code>${text(m['code_id'])}</code></td></tr>`,
  )}</tbody></table></div>`;
}

export function modulesTab(report: Report): Markup {
  const walk = report.processed.json_dump;
  const modules = walk?.modules ?? [];
  if (modules.length === 0)
    return html`<p class="none">${explainDump(report.dumpStory) ?? (walk ? 'The dump lists no module.' : 'Its dump is kept, but was not walked.')}</p>`;
  const size = Math.max(1, report.modulesPerPage);
  const start = (report.page - 1) * size;
  const missing = modules.filter((m) => m.missing_symbols).length;
  return html`<p class="note">${number(modules.length)} loaded${missing > 0 ? `, ${number(missing)} on a stack without symbols` : ''}.</p>
<div class="scroll"><table class="modules stacked" aria-label="Loaded modules"><thead><tr><th scope="col">Module</th><th scope="col">Version</th><th scope="col">Debug id</th><th scope="col">Code id</th><th scope="col">Base</th><th scope="col">Symbols</th></tr></thead>
<tbody>${modules.slice(start, start + size).map((m, i) => row(m, start + i === walk?.main_module))}</tbody></table></div>
${pager(
  { page: report.page, size, total: modules.length },
  (page) => reportAddress(report.id, { tab: 'modules', page }),
  'modules',
)}
${unloaded((walk?.unloaded_modules ?? []).slice(0, size))}`;
}
