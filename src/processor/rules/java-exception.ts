/** Structured Java exceptions, as Android's crash reporter sends them: classes and frames without messages. */
import { annotation } from '../annotations.ts';
import { defineRule, type Patch } from '../rule.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const pick = (from: Json, keys: readonly string[]): Json =>
  Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]));

function cleanValue(value: unknown): unknown {
  const stack = isObject(value) ? value['stacktrace'] : undefined;
  if (!isObject(stack)) return {};
  const frames = Array.isArray(stack['frames']) ? stack['frames'].filter(isObject) : [];
  return {
    stacktrace: {
      ...pick(stack, ['type', 'module']),
      frames: frames.map((frame) => pick(frame, ['module', 'function', 'filename', 'lineno', 'in_app'])),
    },
  };
}

function parse(text: string): readonly unknown[] | undefined {
  try {
    const parsed = JSON.parse(text) as unknown;
    const exception = isObject(parsed) ? parsed['exception'] : undefined;
    const values = isObject(exception) ? exception['values'] : undefined;
    return Array.isArray(values) ? values : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export default defineRule({
  name: 'java-exception',
  when: ({ raw }) => Boolean(annotation(raw, 'JavaException')),
  run({ raw, note }): Patch | undefined {
    const text = annotation(raw, 'JavaException') ?? '';
    const values = parse(text);
    if (values)
      return { java_exception_raw: text, java_exception: { exception: { values: values.map(cleanValue) } } };
    note('JavaException: malformed JavaException');
    return { java_exception_raw: text };
  },
});
