/** An explanation for a terminal. */
import { printable } from '../lib/printable.ts';
import type { ExplainedFrame, ExplainedLine, Explanation } from './explanation.ts';

/** What a signature is made of, in words. */
export const TOOL_NAMES: Readonly<Record<Explanation['tool'], string>> = {
  c: 'native stack',
  java_stack: 'Java stack',
  java_exception: 'Java exception',
  none: 'no stack',
};

const OUTCOMES: Readonly<Record<ExplainedFrame['outcome'], string>> = {
  kept: 'kept',
  skipped: 'skipped',
  stopped: 'stopped',
  not_reached: 'not reached',
};

/** Twelve digits tell list versions apart, as with git. */
const SHORT_DIGEST = 12;

/** `prefix_signature_re.txt:12  ^foo  (bug 12345)`, with what is known of it. */
export function lineText({ list, line, text, bugs }: ExplainedLine): string {
  const about = bugs.length > 0 ? `  (${bugs.map((bug) => bug.text).join(', ')})` : '';
  return `${list}:${line}${text === undefined ? '' : `  ${printable(text)}`}${about}`;
}

/** Lines joined by `\n`, without one at the end. Frames that were not reached are only counted. */
export function explanationText(explanation: Explanation): string {
  const { tool, thread, lists, listsKnown, frames, sentinel, steps } = explanation;
  const looked = frames.filter((frame) => frame.outcome !== 'not_reached');
  const rest = frames.length - looked.length;
  return [
    `Signature: ${printable(explanation.signature)}`,
    `Made of:   ${TOOL_NAMES[tool]}${thread === undefined ? '' : `, thread ${thread}`}`,
    `Generator: ${printable(explanation.generator)}`,
    `Lists:     ${lists.slice(0, SHORT_DIGEST)}${listsKnown ? '' : ' (their text is not kept any more)'}`,
    ...(sentinel ? [`Begins at: frame ${sentinel.index}, by ${lineText(sentinel)}`] : []),
    ...(frames.length > 0 ? ['Frames:'] : []),
    ...looked.flatMap(frameLines),
    ...(rest > 0 ? [`  ${rest} more not reached`] : []),
    ...(steps.length > 0 ? ['Rules:'] : []),
    ...steps.map(({ rule, from, to }) => `  ${printable(rule)}: "${printable(from)}" -> "${printable(to)}"`),
  ].join('\n');
}

function frameLines(frame: ExplainedFrame): readonly string[] {
  const outcome = OUTCOMES[frame.outcome].padEnd(7);
  return [
    `  ${String(frame.index).padStart(2)} ${outcome}  ${printable(frame.frame) || '(empty)'}`,
    `              ${frame.why}`,
    ...(frame.by ? [`              by ${lineText(frame.by)}`] : []),
    ...(frame.trimmed
      ? [`              written as ${printable(frame.trimmed.to)} by ${lineText(frame.trimmed)}`]
      : []),
  ];
}
