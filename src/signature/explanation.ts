/**
 * A stored trace, told to a person: frame by frame, by which line of which list, as the lists were then.
 *
 *     const trace = parseTrace(processed.signature_trace);
 *     const explanation = trace && explainSignature(trace, await texts of trace.lists);   // plain JSON
 *     explanationText(explanation);                                                       // for a terminal
 *
 * For today's lists: `explainSignature(result.trace, generator.lists.texts)` of a fresh `generate()`.
 */
import { type BugReference, type ListEntry, readListText } from './list-text.ts';
import { LIST_FILES, type ListName, type ListTexts } from './lists.ts';
import { isRecord } from './python-values.ts';
import type { FrameVerdict, ListLine, SignatureStep, SignatureTrace } from './trace.ts';

/** A line of a list with what the file of that version says in it and above it. */
export interface ExplainedLine extends ListLine {
  /** The pattern, or the sentinel; absent when that version of the lists is not known any more. */
  readonly text?: string;
  readonly comment?: string;
  readonly bugs: readonly BugReference[];
}

export interface ExplainedFrame {
  /** In the frames, those inlined counted. */
  readonly index: number;
  /** As compared with the lists. */
  readonly frame: string;
  /** `stopped`: in the signature, and its last frame. */
  readonly outcome: 'kept' | 'skipped' | 'stopped' | 'not_reached';
  readonly verdict: FrameVerdict['verdict'];
  /** One sentence without a full stop. */
  readonly why: string;
  /** Taken after all, since nothing else was left. */
  readonly fallback: boolean;
  readonly by?: ExplainedLine;
  /** What stands for it in the signature, by a line of the trim list. */
  readonly trimmed?: ExplainedLine & { readonly to: string };
}

export interface Explanation {
  /** As the last rule left it; empty when no rule set one. */
  readonly signature: string;
  readonly generator: string;
  /** SHA-256 of the lists, hex. */
  readonly lists: string;
  /** Whether the texts of those lists were at hand; without them lines have a place and no text. */
  readonly listsKnown: boolean;
  readonly tool: SignatureTrace['tool'];
  readonly thread?: number;
  /** The frame at which the signature begins, and the line that says so. */
  readonly sentinel?: ExplainedLine & { readonly index: number };
  readonly frames: readonly ExplainedFrame[];
  /** Rules that changed the signature, in their order. */
  readonly steps: readonly SignatureStep[];
}

type Lookup = (line: ListLine) => ExplainedLine;

/** `texts` are those of `trace.lists`; undefined when nobody has them any more. */
export function explainSignature(trace: SignatureTrace, texts: ListTexts | undefined): Explanation {
  const lookup = lookupIn(texts);
  const { sentinel, thread } = trace;
  return {
    signature: trace.steps.at(-1)?.to ?? '',
    generator: trace.generator,
    lists: trace.lists,
    listsKnown: texts !== undefined,
    tool: trace.tool,
    ...(thread !== undefined && { thread }),
    ...(sentinel && { sentinel: { ...lookup(sentinel), index: sentinel.index } }),
    frames: trace.frames.map((frame) => explainFrame(frame, trace, lookup)),
    steps: trace.steps,
  };
}

function explainFrame(frame: FrameVerdict, trace: SignatureTrace, lookup: Lookup): ExplainedFrame {
  const { index, verdict, by, trimmed } = frame;
  const fallback = trace.fallback === index;
  const [outcome, why] = VERDICTS[verdict];
  // Above a sentinel it is the sentinel's line that decides.
  const line = verdict === 'before_sentinel' ? trace.sentinel : by;
  return {
    index,
    frame: frame.frame,
    outcome: fallback ? 'stopped' : outcome,
    verdict,
    why: fallback ? `${why}; taken all the same, since nothing else was left` : why,
    fallback,
    ...(line && { by: lookup(line) }),
    ...(trimmed && { trimmed: { ...lookup(trimmed), to: trimmed.to } }),
  };
}

const VERDICTS: Readonly<
  Record<FrameVerdict['verdict'], readonly [outcome: ExplainedFrame['outcome'], why: string]>
> = {
  before_sentinel: ['skipped', 'above the sentinel at which the signature begins'],
  empty: ['skipped', 'nothing is known of it'],
  irrelevant: ['skipped', 'on the list of frames that say nothing about the cause'],
  repeated: ['skipped', 'the same as the one before'],
  kept: ['kept', 'part of the signature; on the prefix list, so the next frame is looked at too'],
  stopped: ['stopped', 'part of the signature; no line of the prefix list matches it, so it ends here'],
  not_reached: ['not_reached', 'after the end of the signature'],
};

function lookupIn(texts: ListTexts | undefined): Lookup {
  const entries = new Map<string, ReadonlyMap<number, ListEntry>>();
  for (const [name, file] of Object.entries(LIST_FILES)) {
    const text = texts?.[name as ListName];
    if (text !== undefined)
      entries.set(file, new Map(readListText(text).map((entry) => [entry.line, entry])));
  }
  return ({ list, line }) => {
    const entry = entries.get(list)?.get(line);
    if (!entry) return { list, line, bugs: [] };
    const { pattern, comment, bugs } = entry;
    return { list, line, text: pattern, ...(comment !== undefined && { comment }), bugs };
  };
}

/** A trace as this version or an older one stored it; undefined when it is none. */
export function parseTrace(stored: unknown): SignatureTrace | undefined {
  if (!isRecord(stored)) return undefined;
  const { lists, generator, tool, thread, sentinel, fallback, frames, steps } = stored;
  if (!Array.isArray(frames) || !frames.every(isVerdict)) return undefined;
  if (!Array.isArray(steps) || !steps.every(isStep)) return undefined;
  return {
    lists: typeof lists === 'string' ? lists : '',
    generator: typeof generator === 'string' ? generator : '',
    tool: tool === 'c' || tool === 'java_stack' || tool === 'java_exception' ? tool : 'none',
    ...(typeof thread === 'number' && { thread }),
    ...(isLine(sentinel) && isIndexed(sentinel) && { sentinel }),
    ...(typeof fallback === 'number' && { fallback }),
    frames,
    steps,
  };
}

const isLine = (any: unknown): any is ListLine =>
  isRecord(any) && typeof any['list'] === 'string' && typeof any['line'] === 'number';

const isIndexed = (any: object): any is ListLine & { readonly index: number } =>
  'index' in any && typeof any.index === 'number';

const isVerdict = (any: unknown): any is FrameVerdict =>
  isRecord(any) &&
  typeof any['frame'] === 'string' &&
  typeof any['index'] === 'number' &&
  typeof any['verdict'] === 'string' &&
  Object.hasOwn(VERDICTS, any['verdict']) &&
  (any['by'] === undefined || isLine(any['by'])) &&
  (any['trimmed'] === undefined ||
    (isLine(any['trimmed']) && 'to' in any['trimmed'] && typeof any['trimmed'].to === 'string'));

const isStep = (any: unknown): any is SignatureStep =>
  isRecord(any) && ['rule', 'from', 'to'].every((key) => typeof any[key] === 'string');
