/**
 * Which field the server refused an item for, from what it writes. The texts are those of Elasticsearch 8 and 9, and of 1
 * as socorro.md §3.9 has them. The original cut `.full` off with `rstrip`, which also ate the end of `url_full`; here the
 * field is what stands before the first dot. Test: "names the field of every known refusal".
 */
import type { ServerError } from './errors.ts';

export interface Refusal {
  /** `unmapped`: the index has no property for it, which can be mended. `value`: the value, or the mapping. */
  readonly kind: 'unmapped' | 'value';
  readonly field: string;
}

type Match = readonly string[];
interface Text {
  readonly pattern: RegExp;
  readonly kind: Refusal['kind'];
  /** From what the pattern caught. */
  readonly path: (match: Match) => string | undefined;
}

const first = (match: Match): string | undefined => match[1];
const value = (pattern: RegExp): Text => ({ pattern, kind: 'value', path: first });

const TEXTS: readonly Text[] = [
  {
    pattern: /dynamic introduction of \[([^\]]+)\] within \[([^\]]+)\] is not allowed/,
    kind: 'unmapped',
    path: ([, name, parent]) => (parent === '_doc' ? name : parent),
  },
  value(/immense term in field="([^"]+)"/),
  value(/DocValuesField "([^"]+)" is too large/),
  value(/object mapping for \[([^\]]+)\]/),
  value(/failed to parse field \[([^\]]+)\]/),
  value(/failed to parse \[([^\]]+)\]/),
  value(/field alias \[([^\]]+)\]/),
  value(/field (?:name )?\[([^\]]+)\]/i),
];

/** Elasticsearch's own errors are not nested deeper. */
const MAX_CAUSES = 10;

/** Everything after it is the client's, who may write into it whatever he likes. */
const PREVIEW = /Preview of field's value[\s\S]*$/;

function* reasons(error: ServerError | undefined): Generator<string> {
  let cause = error;
  for (let i = 0; cause && i < MAX_CAUSES; i += 1) {
    yield String(cause.reason ?? '').replace(PREVIEW, '');
    cause = cause.caused_by;
  }
}

/** Undefined when the server says nothing of a field that `isField` knows. Outer reasons come first: inner ones quote values. */
export function refusalOf(
  error: ServerError | undefined,
  isField: (name: string) => boolean,
): Refusal | undefined {
  for (const reason of reasons(error)) {
    for (const { pattern, kind, path } of TEXTS) {
      const match = pattern.exec(reason);
      const [field] = (match && path([...match])?.split('.')) ?? [];
      if (field !== undefined && isField(field)) return { kind, field };
    }
  }
  return undefined;
}
