import { type PythonJson, parsePythonJson } from '../python-json.ts';
import { compareCodePoints } from '../python-text.ts';
import { get, isRecord, iterate, PythonError, quoted, str, truthy, typeName } from '../python-values.ts';
import { defineSignatureRule } from '../rule.ts';

function parse(timeout: unknown): PythonJson {
  if (typeof timeout === 'string') return parsePythonJson(timeout);
  throw new PythonError(
    'TypeError',
    `the JSON object must be str, bytes or bytearray, not ${typeName(timeout)}`,
  );
}

/** What was waited for: strings, or objects with a name. */
function conditions(timeout: PythonJson): string {
  const waiting = get(timeout, 'conditions');
  if (!truthy(waiting)) return '(none)';
  return iterate(waiting).map(nameOf).sort(compareCodePoints).join(',');
}

function nameOf(condition: unknown): string {
  if (!isRecord(condition)) return str(condition);
  if (!Object.hasOwn(condition, 'name')) throw new PythonError('KeyError', quoted('name'));
  return str(condition['name']);
}

/** `AsyncShutdownTimeout | phase | conditions` replaces the signature: the stack is that of the watchdog. */
export default defineSignatureRule({
  name: 'SignatureShutdownTimeout',
  doc: '`AsyncShutdownTimeout | phase | conditions` replaces the signature: the stack is that of the watchdog',
  after: ['AbortSignature'],
  when: ({ data }) => truthy(data.async_shutdown_timeout),
  run(context) {
    const parts = ['AsyncShutdownTimeout'];
    try {
      const timeout = parse(context.data.async_shutdown_timeout);
      const phase = get(timeout, 'phase');
      parts.push(typeof phase === 'string' ? phase : '(unknown)');
      parts.push(conditions(timeout));
    } catch (error) {
      if (!(error instanceof PythonError) || (error.kind !== 'ValueError' && error.kind !== 'KeyError')) {
        throw error;
      }
      parts.push('UNKNOWN');
      context.note(`Error parsing AsyncShutdownTimeout: ${error.message}`);
    }
    context.note(`Signature replaced with a Shutdown Timeout signature, was: "${context.signature}"`);
    context.setSignature(parts.join(' | '));
  },
});
