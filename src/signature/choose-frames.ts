/** From the names of a stack to its signature: which frames are skipped, kept, and where it stops. */
import type { KnownFrame } from './known-frame.ts';
import { LIST_FILES } from './lists.ts';
import type { FrameVerdict, ListLine, SignatureTrace } from './trace.ts';

export interface Choice {
  /** Empty when the only frame left has no name. */
  readonly signature: string;
  readonly notes: readonly string[];
  readonly trace: Pick<SignatureTrace, 'sentinel' | 'fallback' | 'frames'>;
}

export interface ChoiceOptions {
  /** Said in a note when there is nothing to choose; null when nobody knows which thread crashed. */
  readonly thread: bigint | null;
  /** Without it `trace.frames` is empty. */
  readonly trace: boolean;
}

export function chooseFrames(frames: readonly KnownFrame[], options: ChoiceOptions): Choice {
  const start = sentinelIndex(frames);
  const from = start ?? 0;
  const verdicts: FrameVerdict[] = [];
  if (options.trace) for (let i = 0; i < from; i++) verdicts.push(plain(frames, i, 'before_sentinel'));
  const { kept, next } = walk(frames, from, options.trace ? verdicts : undefined);
  if (options.trace)
    for (let i = next; i < frames.length; i++) verdicts.push(plain(frames, i, 'not_reached'));
  const trace = { ...(start !== undefined && { sentinel: sentinelLine(frames, start) }), frames: verdicts };
  if (kept.length > 0) return { signature: kept.join(' | '), notes: [], trace };
  return withoutFrames(frames, from, options.thread, trace);
}

/** Where the stack begins: the first frame that is a sentinel. */
function sentinelIndex(frames: readonly KnownFrame[]): number | undefined {
  for (let i = 0; i < frames.length; i++) {
    const sentinel = frames[i]?.sentinel;
    if (sentinel === undefined) continue;
    const { onlyWith } = sentinel;
    if (onlyWith === undefined || frames.some((frame) => frame.name === onlyWith)) return i;
  }
  return undefined;
}

const sentinelLine = (
  frames: readonly KnownFrame[],
  index: number,
): ListLine & { readonly index: number } => ({
  list: LIST_FILES.sentinels,
  line: frames[index]?.sentinel?.line ?? 0,
  index,
});

const plain = (
  frames: readonly KnownFrame[],
  index: number,
  verdict: FrameVerdict['verdict'],
): FrameVerdict => ({
  frame: frames[index]?.name ?? '',
  index,
  verdict,
});

/** `next` is the first frame that was not looked at. */
function walk(
  frames: readonly KnownFrame[],
  from: number,
  verdicts: FrameVerdict[] | undefined,
): { readonly kept: readonly string[]; readonly next: number } {
  const kept: string[] = [];
  for (let i = from; i < frames.length; i++) {
    const frame = frames[i];
    if (frame === undefined) break;
    if (frame.name === '') {
      verdicts?.push(plain(frames, i, 'empty'));
    } else if (frame.irrelevant) {
      verdicts?.push(irrelevant(frame, i));
    } else if (kept.at(-1) === frame.written && frame.merges) {
      verdicts?.push(repeated(frame, i));
    } else {
      kept.push(frame.written);
      verdicts?.push(taken(frame, i));
      if (!frame.prefix) return { kept, next: i + 1 };
    }
  }
  return { kept, next: frames.length };
}

function irrelevant(frame: KnownFrame, index: number): FrameVerdict {
  const by = frame.irrelevantLine;
  return { frame: frame.name, index, verdict: 'irrelevant', ...(by && { by }) };
}

function repeated(frame: KnownFrame, index: number): FrameVerdict {
  const by = frame.trimLine;
  return { frame: frame.name, index, verdict: 'repeated', ...(by && { by }) };
}

function taken(frame: KnownFrame, index: number): FrameVerdict {
  const by = frame.prefixLine;
  const verdict = by === undefined ? 'stopped' : 'kept';
  const line = frame.written === frame.name ? undefined : frame.trimLine;
  const trimmed = line && { ...line, to: frame.written };
  return { frame: frame.name, index, verdict, ...(by && { by }), ...(trimmed && { trimmed }) };
}

/** Nothing was kept: the first frame after all, though it is irrelevant or has no name, if there is one. */
function withoutFrames(
  frames: readonly KnownFrame[],
  from: number,
  thread: bigint | null,
  trace: Choice['trace'],
): Choice {
  if (thread === null) {
    const notes = ['CSignatureTool: no crashing thread identified'];
    return { signature: 'EMPTY: no crashing thread identified', notes, trace };
  }
  const notes = [`CSignatureTool: no frame data for crashing thread (${thread})`];
  const first = frames[from];
  if (first === undefined) return { signature: 'EMPTY: no frame data available', notes, trace };
  return { signature: first.name, notes, trace: { ...trace, fallback: from } };
}
