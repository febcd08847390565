/** How the signature was made: which frame was taken or skipped by which line of which list. */
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { FrameVerdict, ListLine, SignatureStep, SignatureTrace } from '../../signature/trace.ts';
import { plural } from './format.ts';
import { html, type Markup } from './markup.ts';

type Plain = Readonly<Record<string, unknown>>;

const isRecord = (any: unknown): any is Plain =>
  typeof any === 'object' && any !== null && !Array.isArray(any);

/** A trace as it was stored, by this version or an older one; undefined when it is none. */
function parseTrace(any: unknown): SignatureTrace | undefined {
  if (!isRecord(any) || !Array.isArray(any['frames']) || !Array.isArray(any['steps'])) return undefined;
  if (!any['frames'].every(isRecord) || !any['steps'].every(isRecord)) return undefined;
  return any as unknown as SignatureTrace;
}

const VERDICTS: Readonly<Record<string, readonly [string, string, string]>> = {
  before_sentinel: ['skipped', 'plain', 'above the frame at which the signature begins'],
  empty: ['skipped', 'plain', 'nothing left of it'],
  irrelevant: ['skipped', 'plain', 'on the list of frames that say nothing about the cause'],
  repeated: ['skipped', 'plain', 'the same as the one before'],
  kept: ['kept', 'good', 'part of the signature; a prefix, so the next frame is looked at too'],
  stopped: [
    'kept, last',
    'good',
    'part of the signature; no line of the prefix list matches it, so it ends here',
  ],
  not_reached: ['not reached', 'none', 'after the end of the signature'],
};

const lineOf = (by: ListLine | undefined): Markup | '' =>
  by
    ? html`<code title="Line ${Number(by.line)} of siglists/${String(by.list)}">${by.list}:${by.line}</code>`
    : '';

const trimmedNote = ({ trimmed }: FrameVerdict): Markup | '' =>
  trimmed ? html` <small>written as <bdi>${String(trimmed.to)}</bdi> by ${lineOf(trimmed)}</small>` : '';

function frameRow(frame: FrameVerdict): Markup {
  const [name, kind, why] = VERDICTS[frame.verdict] ?? [String(frame.verdict), 'plain', ''];
  return html`<tr class="${kind === 'good' ? 'kept' : 'skipped'}"><td class="n">${Number(frame.index)}</td>
<td class="function"><bdi>${String(frame.frame)}</bdi></td>
<td><span class="badge ${kind}">${name}</span> <small>${why}</small>${trimmedNote(frame)}</td><td>${lineOf(frame.by) || html`<span class="none">no line</span>`}</td></tr>`;
}

const stepRow = (step: SignatureStep): Markup =>
  html`<tr><th scope="row"><code>${String(step.rule)}</code></th><td class="function"><bdi>${String(step.from) || '—'}</bdi></td><td class="function"><bdi>${String(step.to)}</bdi></td></tr>`;

const TOOLS: Readonly<Record<string, string>> = {
  c: 'native stack',
  java_stack: 'Java stack',
  java_exception: 'Java exception',
  none: 'no stack',
};

/** Frames that were not reached are only counted: a stack is mostly those. */
function framesPart(trace: SignatureTrace): Markup {
  const looked = trace.frames.filter((frame) => frame.verdict !== 'not_reached');
  const rest = trace.frames.length - looked.length;
  if (trace.frames.length === 0) return html`<p class="none">No frame took part.</p>`;
  return html`<div class="scroll"><table class="verdicts" aria-label="Frames and what became of them"><thead><tr><th scope="col" class="n">#</th><th scope="col">Frame, as compared with the lists</th><th scope="col">Verdict</th><th scope="col">By line</th></tr></thead>
<tbody>${looked.map(frameRow)}</tbody></table></div>
${
  typeof trace.fallback === 'number'
    ? html`<p class="note">Nothing was left, so frame ${trace.fallback} was taken all the same.</p>`
    : ''
}
${rest > 0 ? html`<p class="note">${plural(rest, 'more frame was', 'more frames were')} not reached.</p>` : ''}`;
}

export function signatureTab(processed: ProcessedCrash): Markup {
  const trace = parseTrace(processed.signature_trace);
  const proto = processed['proto_signature'];
  return html`<p class="made"><bdi>${processed.signature || 'no signature'}</bdi></p>
${
  trace
    ? html`<p class="note">Made of the ${TOOLS[trace.tool] ?? String(trace.tool)} by generator ${String(trace.generator)} with lists <code title="SHA-256 of the lists">${String(trace.lists).slice(0, 12)}</code>.${
        trace.sentinel
          ? html` It begins at frame ${Number(trace.sentinel.index)}, a sentinel of ${lineOf(trace.sentinel)}.`
          : ''
      }</p>
<h3>Frames</h3>${framesPart(trace)}
<h3>Rules that changed it</h3>${
        trace.steps.length > 0
          ? html`<div class="scroll"><table class="rules" aria-label="Rules that changed the signature"><thead><tr><th scope="col">Rule</th><th scope="col">From</th><th scope="col">To</th></tr></thead><tbody>${trace.steps.map(stepRow)}</tbody></table></div>`
          : html`<p class="none">None.</p>`
      }`
    : html`<p class="failure" role="status">How it was made was not recorded.</p>`
}
${typeof proto === 'string' ? html`<h3>Proto signature</h3><p class="value"><bdi>${proto}</bdi></p>` : ''}`;
}
