/**
 * Java stacks: the text as sent is protected, because exception messages hold client data; the public form has the
 * class and the stack lines, neither messages nor what follows in `Suppressed:` and `Caused by:`.
 */
import { annotation } from '../annotations.ts';
import { defineRule, type Patch } from '../rule.ts';

const MALFORMED = 'malformed';

/** Undefined when it is no Java stack trace: a class line, message lines, then lines that begin with a tab and `at `. */
function sanitise(text: string): string | undefined {
  const lines = text.split(/\r?\n/);
  const className = (lines[0] ?? '').split(':')[0]?.trim();
  const first = lines.findIndex((line) => line.startsWith('\tat '));
  if (!className || (first < 0 && lines.some((line) => line.trimStart().startsWith('at ')))) return undefined;
  const kept = first < 0 ? [] : lines.slice(first);
  const end = kept.findIndex((line) => /^\s*(Suppressed|Caused by):/.test(line) || line.trim() === '');
  const stack = end < 0 ? kept : kept.slice(0, end);
  return stack.every((line) => line.startsWith('\t')) ? [className, ...stack].join('\n') : undefined;
}

export default defineRule({
  name: 'java-stack-trace',
  when: ({ raw }) => Boolean(annotation(raw, 'JavaStackTrace')),
  run({ raw, note }): Patch {
    const text = annotation(raw, 'JavaStackTrace') ?? '';
    const clean = sanitise(text);
    if (clean === undefined) note('JavaStackTrace: malformed JavaStackTrace');
    return { java_stack_trace_raw: text, java_stack_trace: clean ?? MALFORMED };
  },
});
