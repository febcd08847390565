/** How the signature was made: which frame was taken or skipped by which line of which list, as it was then. */
import {
  type ExplainedFrame,
  type ExplainedLine,
  type Explanation,
  explainSignature,
  parseTrace,
} from '../../signature/explanation.ts';
import { TOOL_NAMES } from '../../signature/explanation-text.ts';
import type { SignatureStep } from '../../signature/trace.ts';
import { explainDump } from './dump-story.ts';
import { plural } from './format.ts';
import { bugLinks, lineAddress, listsAddress } from './list-version.ts';
import { html, type Markup } from './markup.ts';
import type { Report } from './report-model.ts';

const BADGES: Readonly<Record<ExplainedFrame['outcome'], readonly [name: string, kind: string]>> = {
  kept: ['kept', 'good'],
  skipped: ['skipped', 'plain'],
  stopped: ['kept, last', 'good'],
  not_reached: ['not reached', 'none'],
};

/** `file:12`, a link when that version is kept, with the pattern and its bugs below it. */
function linePart(by: ExplainedLine, { lists }: Explanation): Markup {
  const place = html`<code>${by.list}:${by.line}</code>`;
  if (by.text === undefined) return place;
  return html`<a href="${lineAddress(lists, by)}"${by.comment === undefined ? '' : html` title="${by.comment}"`}>${place}</a>
<small class="pattern"><code><bdi>${by.text}</bdi></code> ${bugLinks(by.bugs)}</small>`;
}

const trimmedNote = ({ trimmed }: ExplainedFrame, explanation: Explanation): Markup | '' =>
  trimmed
    ? html` <small>written as <bdi>${trimmed.to}</bdi> by ${linePart(trimmed, explanation)}</small>`
    : '';

function frameRow(frame: ExplainedFrame, explanation: Explanation): Markup {
  const [name, kind] = BADGES[frame.outcome];
  return html`<tr class="${kind === 'good' ? 'kept' : 'skipped'}"><td class="n">${frame.index}</td>
<td class="function"><bdi>${frame.frame}</bdi></td>
<td data-label="verdict"><span class="badge ${kind}">${name}</span> <small>${frame.why}</small>${trimmedNote(frame, explanation)}</td><td data-label="by line">${
    frame.by ? linePart(frame.by, explanation) : html`<span class="none">no line</span>`
  }</td></tr>`;
}

const stepRow = (step: SignatureStep): Markup =>
  html`<tr><th scope="row"><code>${step.rule}</code></th><td class="function" data-label="from"><bdi>${step.from || '—'}</bdi></td><td class="function" data-label="to"><bdi>${step.to}</bdi></td></tr>`;

/** Frames that were not reached are only counted: a stack is mostly those. */
function framesPart(explanation: Explanation): Markup {
  const { frames } = explanation;
  const looked = frames.filter((frame) => frame.outcome !== 'not_reached');
  const rest = frames.length - looked.length;
  if (frames.length === 0) return html`<p class="none">No frame took part.</p>`;
  return html`<div class="scroll"><table class="verdicts stacked" aria-label="Frames and what became of them"><thead><tr><th scope="col" class="n">#</th><th scope="col">Frame, as compared with the lists</th><th scope="col">Verdict</th><th scope="col">By line</th></tr></thead>
<tbody>${looked.map((frame) => frameRow(frame, explanation))}</tbody></table></div>
${rest > 0 ? html`<p class="note">${plural(rest, 'more frame was', 'more frames were')} not reached.</p>` : ''}`;
}

function stepsPart({ steps }: Explanation): Markup {
  if (steps.length === 0) return html`<p class="none">None.</p>`;
  return html`<div class="scroll"><table class="rules stacked" aria-label="Rules that changed the signature"><thead><tr><th scope="col">Rule</th><th scope="col">From</th><th scope="col">To</th></tr></thead><tbody>${steps.map(stepRow)}</tbody></table></div>`;
}

function madeOf(explanation: Explanation, { lists, dumpStory }: Report): Markup {
  const digest = html`<code title="SHA-256 of the lists">${explanation.lists.slice(0, 12)}</code>`;
  const { sentinel } = explanation;
  const { frames, tool } = explanation;
  // The trace names the tool that was chosen, which has nothing to work on where no dump was walked.
  const hasStack = frames.length > 0 || tool === 'java_stack' || tool === 'java_exception';
  return html`<p class="note">Made ${hasStack ? `of the ${TOOL_NAMES[tool]}` : 'without a stack'} by generator ${explanation.generator} with lists ${
    explanation.listsKnown ? html`<a href="${listsAddress(explanation.lists)}">${digest}</a>` : digest
  }.${hasStack ? '' : ` ${explainDump(dumpStory) ?? ''}`}${
    sentinel
      ? html` It begins at frame ${sentinel.index}, a sentinel of ${linePart(sentinel, explanation)}.`
      : ''
  }</p>
${lists.ok ? '' : html`<p class="failure" role="status">The lines cannot be shown now. ${lists.failure}</p>`}`;
}

export function signatureTab(report: Report): Markup {
  const { processed, lists } = report;
  const trace = parseTrace(processed.signature_trace);
  const explanation = trace && explainSignature(trace, lists.ok ? lists.value : undefined);
  const proto = processed['proto_signature'];
  return html`<p class="made"><bdi>${processed.signature || 'no signature'}</bdi></p>
${
  explanation
    ? html`${madeOf(explanation, report)}
<h3>Frames</h3>${framesPart(explanation)}
<h3>Rules that changed it</h3>${stepsPart(explanation)}`
    : html`<p class="failure" role="status">How it was made was not recorded.</p>`
}
${typeof proto === 'string' ? html`<h3>Proto signature</h3><p class="value"><bdi>${proto}</bdi></p>` : ''}`;
}
