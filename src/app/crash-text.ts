/** A processed crash as text for a terminal. */
import type { ProcessedCrash, StackFrame } from '../model/processed-crash.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters of a hostile crash must not reach the terminal
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

const clean = (value: unknown): string => String(value ?? '').replaceAll(CONTROL, '\ufffd');

function place(frame: { readonly file?: string | null; readonly line?: number | null }): string {
  return frame.file ? ` (${clean(frame.file)}${frame.line ? `:${frame.line}` : ''})` : '';
}

function frameLines(frame: StackFrame): string[] {
  if (frame.truncated) return [`      … ${clean(frame.truncated.msg)}`];
  const name = frame.function ?? frame.module_offset ?? frame.offset ?? '?';
  const module = frame.module ? `${clean(frame.module)}!` : '';
  const inlines = (frame.inlines ?? []).map(
    (inline) => `      ${module}${clean(inline.function)}${place(inline)} [inlined]`,
  );
  return [...inlines, `  ${String(frame.frame).padStart(3)} ${module}${clean(name)}${place(frame)}`];
}

/** Signature, facts and the crashing thread's stack; control characters are replaced. */
export function crashText(crash: ProcessedCrash): string {
  const facts: readonly (readonly [string, unknown])[] = [
    ['Crash id', crash.id],
    ['Signature', crash.signature],
    ['Product', `${crash.product ?? 'unknown'} ${crash.version ?? ''}`.trimEnd()],
    ['Received', crash.date_processed],
    ['System', crash['os_pretty_version']],
    ['Reason', crash['reason']],
    ['Address', crash['address']],
    ['Process', crash['process_type']],
  ];
  const lines = facts
    .filter(([, value]) => value)
    .map(([label, value]) => `${`${label}:`.padEnd(11)}${clean(value)}`);
  if (crash.complete === false) {
    const failed = (crash.failed_rules ?? []).map(({ rule, reason }) => `${rule} (${reason})`);
    lines.push(`Incomplete: these rules failed: ${clean(failed.join(', '))}`);
  }
  const index = crash.json_dump?.crash_info?.crashing_thread ?? 0;
  const thread = crash.json_dump?.threads?.[index];
  if (!thread) return lines.join('\n');
  const name = thread.thread_name ? ` ${clean(thread.thread_name)}` : '';
  return [...lines, '', `Thread ${index}${name} (crashed)`, ...thread.frames.flatMap(frameLines)].join('\n');
}
