/** Signatures of Java crashes: from the stack trace as text, or from the exception as an object. */
import { codePoints, splitLines, strip } from './python-text.ts';
import { get, isRecord, iterate, PythonError, str, truthy, typeName } from './python-values.ts';

export interface JavaSignature {
  readonly signature: string;
  readonly notes: readonly string[];
}

/** A longer signature loses the exception's description. */
const LONGEST = 255;
const STACK = 'JavaSignatureTool: ';

const joinPresent = (delimiter: string, parts: readonly string[]): string =>
  parts.filter((part) => part !== '').join(delimiter);

/** `class: description at method`, from the first two lines of the trace. */
export function signatureOfJavaStack(trace: unknown, delimiter = ': '): JavaSignature {
  const [first, second] = typeof trace === 'string' ? splitLines(trace, 2).map(strip) : [];
  if (first === undefined) {
    const notes = [`${STACK}stack trace not in expected format`];
    return { signature: 'EMPTY: Java stack trace not in expected format', notes };
  }
  const notes: string[] = [];
  const { className, description } = readFirstLine(first, notes);
  // Line numbers of .java files change with every build; those of .kt files stay, as they always have.
  const method = second?.replace(/\.java:\p{Nd}+\)$/u, '.java)') ?? '';
  if (second === undefined) notes.push(`${STACK}stack trace line 2 is missing`);
  else if (method === '') notes.push(`${STACK}stack trace line 2 is empty`);
  // An old mistake left the delimiter out unless the description ends with an address, and the signatures of
  // years look like that. https://bugzilla.mozilla.org/show_bug.cgi?id=865142
  const parts = description.endsWith('<addr>')
    ? [className, description, method]
    : [className, joinPresent(' ', [description, method])];
  const signature = joinPresent(delimiter, parts);
  if (codePoints(signature) <= LONGEST) return { signature, notes };
  notes.push(`${STACK}dropped Java exception description due to length`);
  return { signature: className + delimiter + method, notes };
}

function readFirstLine(line: string, notes: string[]): { className: string; description: string } {
  const colon = line.indexOf(':');
  if (colon < 0) {
    notes.push(`${STACK}stack trace line 1 is not in the expected format`);
    return { className: line, description: '' };
  }
  const description = strip(line.slice(colon + 1).replace(/@[0-9a-f]{8}/g, '@<addr>'));
  return { className: strip(line.slice(0, colon)), description };
}

/** The stack of the first exception; undefined when a step on the way to it is missing or of another kind. */
export const stackOfJavaException = (exception: unknown): unknown =>
  at(exception, 'exception', 'values', '0', 'stacktrace');

/**
 * `module.Type: at module.function(file)`, from the first exception and its first frame.
 * Throws `PythonError` on odd shapes, also of the other frames.
 */
export function signatureOfJavaException(exception: unknown): JavaSignature {
  const stack = stackOfJavaException(exception);
  if (!truthy(stack)) {
    const notes = ['JavaExceptionSignatureTool: value not in expected format'];
    return { signature: 'EMPTY: Java exception not in expected format', notes };
  }
  const module = get(stack, 'module');
  const type = get(stack, 'type');
  const name = type === undefined ? 'Unknown' : type;
  const className = truthy(module) && truthy(name) ? `${str(module)}.${str(name)}` : str(name);
  const frames = get(stack, 'frames');
  if (!truthy(frames)) return { signature: className, notes: [] };
  const [first] = iterate(frames).map(nameJavaFrame);
  return { signature: `${className}: at ${str(first)}`, notes: [] };
}

/**
 * `module.function(file)` with what there is; `unknown` without module and function. One of them alone is
 * returned as it is. Throws `PythonError` on odd shapes.
 */
export function nameJavaFrame(frame: unknown): unknown {
  const module = get(frame, 'module');
  const method = get(frame, 'function');
  const both = truthy(module) && truthy(method);
  const name = both ? [module, method].map(piece).join('.') : truthy(module) ? module : method;
  const file = get(frame, 'filename');
  if (!truthy(name)) return 'unknown';
  return truthy(file) ? `${str(name)}(${str(file)})` : name;
}

/** What `'.'.join()` takes. */
function piece(value: unknown, index: number): string {
  if (typeof value === 'string') return value;
  throw new PythonError(
    'TypeError',
    `sequence item ${index}: expected str instance, ${typeName(value)} found`,
  );
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const step of path) {
    if (Array.isArray(here)) here = step === '0' ? here[0] : undefined;
    else here = isRecord(here) && Object.hasOwn(here, step) ? here[step] : undefined;
  }
  return here;
}
