/** The stacks of all threads, the one that crashed first. */
import type { ProcessedCrash, StackThread } from '../../model/processed-crash.ts';
import { explainDump } from './dump-story.ts';
import { number, pager, plural } from './format.ts';
import { frameTable } from './frames.ts';
import { html, type Markup } from './markup.ts';
import { type Report, reportAddress } from './report-model.ts';

/** Rows of one stack where many are shown. */
const FRAMES_SHOWN = 200;

/**
 * Index of the thread to show first; undefined when nothing says which one crashed.
 * A `shutdownhang` is about the main thread, whatever thread raised it (socorro.md §9.2).
 */
function crashingThread(processed: ProcessedCrash): number | undefined {
  if (processed.signature.startsWith('shutdownhang')) return 0;
  const given = processed['crashing_thread'] ?? processed.json_dump?.crash_info?.crashing_thread;
  return typeof given === 'number' && Number.isSafeInteger(given) && given >= 0 ? given : undefined;
}

interface Listed {
  readonly index: number;
  readonly thread: StackThread;
  readonly crashed: boolean;
}

function listed(processed: ProcessedCrash): readonly Listed[] {
  const crashed = crashingThread(processed);
  const all = (processed.json_dump?.threads ?? []).map((thread, index) => ({
    index,
    thread,
    crashed: index === crashed,
  }));
  return [...all.filter((one) => one.crashed), ...all.filter((one) => !one.crashed)];
}

/** `Thread 3 · Compositor · id 4711`. */
function name({ index, thread, crashed }: Listed): Markup {
  return html`Thread ${index}${thread.thread_name ? html` · <bdi>${thread.thread_name}</bdi>` : ''}${
    crashed ? html` <span class="badge bad">crashed</span>` : ''
  }`;
}

const note = ({ thread }: Listed): Markup =>
  html`<small>${thread.thread_id === null || thread.thread_id === undefined ? '' : `id ${thread.thread_id} · `}${plural(thread.frames.length, 'frame')}${
    thread.last_error_value ? html` · last error <bdi>${thread.last_error_value}</bdi>` : ''
  }</small>`;

const caption = (one: Listed): string =>
  `Stack of thread ${one.index}${one.thread.thread_name ? ` ${one.thread.thread_name}` : ''}`;

function topOf({ thread }: Listed): Markup | '' {
  const frame = thread.frames[0];
  const text = frame?.function ?? frame?.module;
  return text ? html`<span class="top-frame"><bdi>${text}</bdi></span>` : '';
}

function section(report: Report, one: Listed, open: boolean, limit: number): Markup {
  return html`<details class="thread" id="thread-${one.index}"${open ? html` open` : ''}>
<summary><h3>${name(one)}</h3> ${note(one)} ${topOf(one)}</summary>
${frameTable(one.thread, caption(one), {
  vcsLinks: report.vcsLinks,
  limit,
  all: reportAddress(report.id, { tab: 'threads', thread: one.index }),
})}
</details>`;
}

/** Says why there is no stack. */
function noStack({ processed, dumpStory }: Report): Markup {
  const status = processed.json_dump?.status;
  return html`<p class="failure" role="status">${
    status && status !== 'OK'
      ? html`The dump could not be walked: <code>${status}</code>`
      : `This crash has no stack. ${explainDump(dumpStory) ?? 'Its dump is kept, but was not walked.'}`
  }</p>`;
}

/** The stack that matters, for the details tab. */
export function crashingStack(report: Report, limit: number): Markup {
  const threads = listed(report.processed);
  const first = threads[0];
  if (!first) return noStack(report);
  return html`<section class="crashing" aria-labelledby="crashing">
<h3 id="crashing">${name(first)} ${note(first)}</h3>
${first.crashed ? '' : html`<p class="note">Nothing in the dump says which thread crashed; this is the first.</p>`}
${frameTable(first.thread, caption(first), {
  vcsLinks: report.vcsLinks,
  limit,
  all: reportAddress(report.id, { tab: 'threads', thread: first.index }),
})}
${threads.length > 1 ? html`<p class="note"><a href="${reportAddress(report.id, { tab: 'threads' })}">All ${number(threads.length)} threads</a></p>` : ''}
</section>`;
}

export function threadsTab(report: Report): Markup {
  const threads = listed(report.processed);
  if (threads.length === 0) return noStack(report);
  if (report.thread !== undefined) {
    const one = threads.find((candidate) => candidate.index === report.thread);
    return html`<p><a href="${reportAddress(report.id, { tab: 'threads' })}">All ${number(threads.length)} threads</a></p>
${one ? section(report, one, true, Number.POSITIVE_INFINITY) : html`<p class="none">There is no thread ${report.thread}.</p>`}`;
  }
  const size = Math.max(1, report.threadsPerPage);
  const shown = threads.slice((report.page - 1) * size, report.page * size);
  return html`${
    crashingThread(report.processed) === undefined
      ? html`<p class="note">Nothing in the dump says which thread crashed.</p>`
      : ''
  }
${shown.map((one, i) => section(report, one, report.page === 1 && i === 0, FRAMES_SHOWN))}
${pager(
  { page: report.page, size, total: threads.length },
  (page) => reportAddress(report.id, { tab: 'threads', page }),
  'threads',
)}`;
}
