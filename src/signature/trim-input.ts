/** The part of the generator's input that it really reads: stored with the crash, for previews and re-signing. */
import type { CrashData } from './crash-data.ts';
import { MOST_FRAMES } from './frame-namer.ts';
import { nameJavaFrame, stackOfJavaException } from './java-signature.ts';
import { splitLines } from './python-text.ts';
import { isRecord, PythonError, truthy } from './python-values.ts';
import { crashingThread } from './stack-reader.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Read as they are. */
const PLAIN_KEYS = [
  'crashing_thread',
  'os',
  'reason',
  'oom_allocation_size',
  'js_large_allocation_failure',
  'abort_message',
  'async_shutdown_timeout',
  'ipc_channel_error',
  'ipc_message_name',
  'additional_minidumps',
  'hang',
  'mdsw_status_string',
  'language',
] as const;

/**
 * The crashing thread with at most 40 frames, the fields that rules look at, and nothing else; thread 0 as well
 * when the watchdog rule could ask for it. Threads keep their index, so that those not needed are `{}`.
 * The generator makes the same signature, notes and trace of the result as of `data`.
 */
export function trimSignatureInput(data: CrashData): CrashData {
  const kept: Record<string, unknown> = {};
  for (const key of PLAIN_KEYS) {
    const value: unknown = data[key];
    if (value !== undefined && value !== null) kept[key] = value;
  }
  if (truthy(data.java_stack_trace)) {
    kept['java_stack_trace'] = firstLines(data.java_stack_trace);
  } else if (truthy(data.java_exception)) {
    kept['java_exception'] = trimJavaException(data.java_exception);
  }
  const crashing = keepThreads(data, [crashingThread(data)]);
  if (crashing === undefined) return kept as CrashData;
  const threads = couldNameWatchdog({ ...kept, threads: crashing })
    ? keepThreads(data, [crashingThread(data), 0n])
    : crashing;
  return { ...kept, threads } as CrashData;
}

function keepThreads(data: CrashData, indexes: readonly bigint[]): unknown {
  const threads: unknown = data.threads;
  if (Array.isArray(threads)) {
    const count = threads.length;
    const wanted = indexes.map(Number).map((at) => (at < 0 ? at + count : at));
    const present = new Set(wanted.filter((at) => at >= 0 && at < count));
    // From the end is counted with all of them there.
    const length = indexes.some((at) => at < 0n) ? count : Math.max(0, ...[...present].map((at) => at + 1));
    return Array.from({ length }, (_, at) => (present.has(at) ? trimThread(threads[at]) : {}));
  }
  if (!isRecord(threads)) return undefined;
  const keys = indexes.map(String).filter((key) => Object.hasOwn(threads, key));
  return Object.fromEntries(keys.map((key) => [key, trimThread(threads[key])]));
}

function trimThread(thread: unknown): unknown {
  if (!isRecord(thread)) return stub(thread);
  const frames = thread['frames'];
  return {
    ...pick(thread, ['last_error_value']),
    ...(frames !== undefined && { frames: Array.isArray(frames) ? trimFrames(frames) : stub(frames) }),
  };
}

function trimFrames(frames: readonly unknown[]): unknown[] {
  const kept: unknown[] = [];
  let count = 0;
  for (const frame of frames) {
    if (count >= MOST_FRAMES) break;
    const inlines = isRecord(frame) && Array.isArray(frame['inlines']) ? frame['inlines'] : [];
    kept.push(trimFrame(frame, MOST_FRAMES - count));
    count += inlines.length + 1;
  }
  return kept;
}

function trimFrame(frame: unknown, mostInlines: number): unknown {
  if (!isRecord(frame)) return stub(frame);
  const { inlines, unloaded_modules: unloaded } = frame;
  return {
    ...pick(frame, ['function', 'file', 'line', 'module', 'offset', 'language']),
    ...(truthy(inlines) && { inlines: trimInlines(inlines, mostInlines) }),
    ...(truthy(unloaded) && { unloaded_modules: trimUnloaded(unloaded) }),
  };
}

const trimInlines = (inlines: unknown, most: number): unknown =>
  Array.isArray(inlines)
    ? inlines
        .slice(0, most)
        .map((inline: unknown) =>
          isRecord(inline) ? pick(inline, ['function', 'file', 'line', 'language']) : stub(inline),
        )
    : stub(inlines);

/** Only the first one is named. */
function trimUnloaded(unloaded: unknown): unknown {
  if (!Array.isArray(unloaded)) return stub(unloaded);
  const first: unknown = unloaded[0];
  return [isRecord(first) ? pick(first, ['module']) : stub(first)];
}

/** Class and description, and the method. */
function firstLines(trace: unknown): unknown {
  if (typeof trace !== 'string') return stub(trace);
  return splitLines(trace, 2)
    .map((line) => `${line}\n`)
    .join('');
}

function trimJavaException(exception: unknown): unknown {
  const stack = stackOfJavaException(exception);
  // Not empty, though nothing is in it: a Java crash it stays.
  if (!truthy(stack)) return { exception: null };
  return { exception: { values: [{ stacktrace: isRecord(stack) ? trimJavaStack(stack) : stub(stack) }] } };
}

function trimJavaStack(stack: Fields): Fields {
  const { frames } = stack;
  // The key is what counts: a type of null is another thing than none.
  const type = Object.hasOwn(stack, 'type') ? { type: stack['type'] ?? null } : {};
  return {
    ...type,
    ...pick(stack, ['module']),
    frames: truthy(frames) ? (Array.isArray(frames) ? trimJavaFrames(frames) : stub(frames)) : [],
  };
}

/** The first one is named; one further down that has no name fails the whole, and the notes say why. */
function trimJavaFrames(frames: readonly unknown[]): readonly unknown[] {
  const fault = frames.findIndex(isFault);
  return [...new Set([0, Math.max(0, fault)])].map((index) => {
    const frame = frames[index];
    return isRecord(frame) ? pick(frame, ['module', 'function', 'filename']) : stub(frame);
  });
}

function isFault(frame: unknown): boolean {
  try {
    nameJavaFrame(frame);
    return false;
  } catch (error) {
    if (error instanceof PythonError) return true;
    throw error;
  }
}

function pick(from: Fields, keys: readonly string[]): Fields {
  const picked: Record<string, unknown> = {};
  for (const key of keys) {
    const value = Object.hasOwn(from, key) ? from[key] : undefined;
    if (value !== undefined && value !== null) picked[key] = value;
  }
  return picked;
}

/** Something small of the same kind, for what is wrong in its place: only its kind is told in the notes. */
function stub(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'string') return value.slice(0, 1);
  if (Array.isArray(value)) return value.length > 0 ? [null] : [];
  if (isRecord(value)) {
    const [key] = Object.keys(value);
    return key === undefined ? {} : { [key]: null };
  }
  return value;
}

const WATCHDOG = 'RunWatchdog';

/**
 * Whether a signature made of this could have the watchdog's name in it: its letters in order in one text, since
 * names lose their arguments on the way, or an escape of JSON, which could be anything.
 */
function couldNameWatchdog(value: unknown): boolean {
  if (typeof value === 'string') return hasLetters(value) || value.includes('\\u');
  if (Array.isArray(value)) return value.some(couldNameWatchdog);
  return isRecord(value) && Object.values(value).some(couldNameWatchdog);
}

function hasLetters(text: string): boolean {
  let found = 0;
  for (let i = 0; i < text.length && found < WATCHDOG.length; i++) {
    if (text.charCodeAt(i) === WATCHDOG.charCodeAt(found)) found++;
  }
  return found === WATCHDOG.length;
}
