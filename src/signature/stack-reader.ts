/** The generator's first step: the signature of the stack itself, before anything is put around it. */
import { chooseFrames } from './choose-frames.ts';
import type { CrashData } from './crash-data.ts';
import type { FrameNamer } from './frame-namer.ts';
import { type JavaSignature, signatureOfJavaException, signatureOfJavaStack } from './java-signature.ts';
import { languageByName } from './languages/registry.ts';
import { get, intOrUndefined, isRecord, PythonError, truthy } from './python-values.ts';
import type { SignatureTrace } from './trace.ts';

export interface StackSignature {
  /** Empty when there is nothing to say; for a stack of frames, what was there before stays. */
  readonly signature: string;
  readonly notes: readonly string[];
  /** Absent for Java. */
  readonly names?: readonly string[];
  readonly trace: Pick<SignatureTrace, 'tool' | 'thread' | 'sentinel' | 'fallback' | 'frames'>;
}

/** The crashing thread; 0 when null, missing or no number. */
export const crashingThread = (data: CrashData): bigint => intOrUndefined(data.crashing_thread) ?? 0n;

/** A thread by its index, negative ones from the end; an empty one when there is none. */
export function threadAt(data: CrashData, index: bigint): unknown {
  const threads: unknown = data.threads;
  if (Array.isArray(threads)) {
    const at = Number(index);
    const thread: unknown = threads.at(at);
    return at >= -threads.length && at < threads.length ? thread : {};
  }
  if (!isRecord(threads)) return {};
  const thread = get(threads, String(index));
  return thread === undefined ? {} : thread;
}

export interface ReadOptions {
  /** Instead of the crashing thread. */
  readonly thread?: bigint | undefined;
  readonly trace: boolean;
}

/** Throws `PythonError` when the data is so odd that the original gives up. */
export function readStack(namer: FrameNamer, data: CrashData, options: ReadOptions): StackSignature {
  if (truthy(data.java_stack_trace)) return java('java_stack', signatureOfJavaStack(data.java_stack_trace));
  if (truthy(data.java_exception))
    return java('java_exception', signatureOfJavaException(data.java_exception));
  const thread = options.thread ?? crashingThread(data);
  const frames = nameFrames(namer, data, thread);
  const choice = chooseFrames(frames, { thread, trace: options.trace });
  return {
    signature: choice.signature,
    notes: choice.notes,
    names: frames.map((frame) => frame.name),
    trace: { tool: 'c', thread: Number(thread), ...choice.trace },
  };
}

const java = (tool: 'java_stack' | 'java_exception', found: JavaSignature): StackSignature => ({
  ...found,
  trace: { tool, frames: [] },
});

function nameFrames(
  namer: FrameNamer,
  data: CrashData,
  thread: bigint,
): ReturnType<FrameNamer['nameThread']> {
  try {
    const report = languageByName(data.language);
    return namer.nameThread(threadAt(data, thread), data.os === 'Windows NT', report);
  } catch (cause) {
    // A function that is literally named `const` leaves the original without a name; its handler for that has
    // a mistake of its own, and the note says so ever since. Kept, since the signature is compared with theirs.
    // Test: signature/vectors.test.ts, random.end_to_end 227.
    if (cause instanceof PythonError && (cause.kind === 'IndexError' || cause.kind === 'KeyError')) {
      throw new PythonError('AttributeError', "'Result' object has no attribute 'note'");
    }
    throw cause;
  }
}
