/** The frames of a thread as a table. */
import type { InlineFrame, StackFrame, StackThread } from '../../model/processed-crash.ts';
import { outward, plural } from './format.ts';
import { html, type Markup } from './markup.ts';
import { sourceFile, type VcsLinks } from './source-link.ts';

export interface FrameOptions {
  readonly vcsLinks: VcsLinks;
  /** Longer stacks are cut here, and say so. */
  readonly limit: number;
  /** Where the whole stack is. */
  readonly all: string;
}

/** What the trust of a frame means to a reader. */
const TRUST: Readonly<Record<string, string>> = {
  context: 'from the registers of the thread: certain',
  prewalked: 'walked by the program itself',
  cfi: 'by call frame information: reliable',
  cfi_scan: 'found by scanning, then call frame information',
  frame_pointer: 'by the frame pointer: mostly reliable',
  scan: 'found by scanning the stack: may be wrong',
  inline: 'inlined into the frame below',
  none: 'unknown',
};

const GOOD = new Set(['context', 'prewalked', 'cfi', 'inline']);

function trustBadge(trust: string | undefined): Markup {
  if (trust === undefined) return html``;
  const kind = GOOD.has(trust) ? 'good' : trust === 'frame_pointer' ? 'plain' : 'warn';
  return html`<span class="badge ${kind}" title="${TRUST[trust] ?? 'how the frame was found'}">${trust}</span>`;
}

function source(
  file: string | null | undefined,
  line: number | null | undefined,
  links: VcsLinks,
): Markup | '' {
  if (!file) return '';
  const { path, url } = sourceFile(file, line, links);
  const shown = line === null || line === undefined ? path : `${path}:${line}`;
  return url ? outward(url, shown) : html`<bdi>${shown}</bdi>`;
}

function unnamed(frame: StackFrame): Markup {
  const offset = frame.module_offset ?? frame.offset;
  const unloaded = frame.unloaded_modules?.[0];
  if (unloaded)
    return html`<i>unloaded</i> <bdi>${unloaded.module}</bdi> ${unloaded.offsets?.[0] ? html`<code>+${unloaded.offsets[0]}</code>` : ''}`;
  return offset ? html`<code>${offset}</code>` : html`<i>unknown</i>`;
}

function inlineRow(frame: StackFrame, inline: InlineFrame, options: FrameOptions): Markup {
  return html`<tr class="inline"><td class="n">${frame.frame}</td><td class="module"><bdi>${frame.module ?? ''}</bdi></td>
<td class="function"><span aria-hidden="true">↳ </span><bdi>${inline.function || 'unknown'}</bdi></td>
<td class="source">${source(inline.file, inline.line, options.vcsLinks)}</td><td class="trust">${trustBadge('inline')}</td></tr>`;
}

function registers(frame: StackFrame): Markup | '' {
  const entries = Object.entries(frame.registers ?? {});
  if (entries.length === 0) return '';
  return html`<tr class="registers"><td class="n"></td><td colspan="4"><details><summary>${plural(entries.length, 'register')} <span class="badge protected">protected</span></summary>
<dl>${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd><code>${value}</code></dd></div>`)}</dl></details></td></tr>`;
}

function frameRows(frame: StackFrame, options: FrameOptions): Markup {
  if (frame.truncated)
    return html`<tr class="cut"><td class="n">…</td><td colspan="4">${frame.truncated.msg}</td></tr>`;
  const missing = frame.missing_symbols === true;
  return html`${(frame.inlines ?? []).map((inline) => inlineRow(frame, inline, options))}
<tr${missing ? html` class="missing"` : ''}><td class="n">${frame.frame}</td><td class="module"><bdi>${frame.module ?? ''}</bdi></td>
<td class="function">${frame.function ? html`<bdi>${frame.function}</bdi>` : unnamed(frame)}${
    missing
      ? html` <span class="badge warn" title="There are no symbols for this module">no symbols</span>`
      : ''
  }</td>
<td class="source">${source(frame.file, frame.line, options.vcsLinks)}</td><td class="trust">${trustBadge(frame.trust)}</td></tr>${registers(frame)}`;
}

/** A table, or a line that says that the stack could not be walked. */
export function frameTable(thread: StackThread, caption: string, options: FrameOptions): Markup {
  const { frames } = thread;
  if (frames.length === 0) return html`<p class="none">No frame could be found.</p>`;
  const rest = frames.length - options.limit;
  return html`<div class="scroll"><table class="frames stacked"><caption class="unseen">${caption}</caption>
<thead><tr><th scope="col" class="n">#</th><th scope="col">Module</th><th scope="col">Function</th><th scope="col">Source</th><th scope="col">Trust</th></tr></thead>
<tbody>${frames.slice(0, options.limit).map((frame) => frameRows(frame, options))}</tbody></table></div>
${rest > 0 ? html`<p class="note"><a href="${options.all}">${plural(rest, 'more frame')}</a></p>` : ''}
${thread.truncated ? html`<p class="note">The walker cut this stack; frames are missing.</p>` : ''}`;
}
