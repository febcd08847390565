/** The part of a stack walk that most rules look at. */
import type { ProcessedCrash, StackFrame, StackThread } from '../model/processed-crash.ts';

/** The crashing thread, or the first one when the walker could not tell; undefined when there are no threads. */
export function crashingThread(processed: Readonly<Partial<ProcessedCrash>>): StackThread | undefined {
  const index = processed.json_dump?.crash_info?.crashing_thread ?? 0;
  return processed.json_dump?.threads?.[index];
}

export const crashingFrames = (processed: Readonly<Partial<ProcessedCrash>>): readonly StackFrame[] =>
  crashingThread(processed)?.frames ?? [];
