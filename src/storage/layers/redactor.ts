/** Drops fields before a processed crash is saved: a store that did not get them cannot leak them. */
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { RawCrash } from '../../model/report.ts';
import { FIELDS } from '../../search/field-list.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import type { Store } from '../contract.ts';
import { layerOver } from './layer.ts';

/** Dotted paths of Socorro's redactor, and the names that the same data has today. */
export const FORBIDDEN_KEYS: readonly string[] = [
  'url',
  'email',
  'user_id',
  'exploitability',
  'json_dump.sensitive',
  'upload_file_minidump_flash1.json_dump.sensitive',
  'upload_file_minidump_flash2.json_dump.sensitive',
  'upload_file_minidump_browser.json_dump.sensitive',
  'memory_info',
  'memory_report',
];

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A copy without the path; the same object when it is not there. The original raises when the path leads through
 * something that is no object; there is nothing to drop then. A list on the way is gone through element by element,
 * as by the paths of fields: what is searched by a path is dropped by it.
 */
function without(fields: Fields, [key, ...rest]: readonly string[]): Fields {
  if (key === undefined || !Object.hasOwn(fields, key)) return fields;
  const value = fields[key];
  if (rest.length === 0) return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
  const inner = inside(value, rest);
  return inner === value ? fields : { ...fields, [key]: inner };
}

function inside(value: unknown, path: readonly string[]): unknown {
  if (isFields(value)) return without(value, path);
  if (!Array.isArray(value)) return value;
  const elements = value.map((element: unknown) => inside(element, path));
  return elements.every((element, i) => element === value[i]) ? value : elements;
}

export function redact(processed: ProcessedCrash, forbidden: readonly string[]): ProcessedCrash {
  const fields = forbidden.reduce<Fields>((left, path) => without(left, path.split('.')), processed);
  return fields as ProcessedCrash;
}

/** Stands for every protected field, wherever it comes from. */
const PROTECTED = 'protected';

interface Forbidden {
  /** Dotted paths in the processed crash. */
  readonly processed: readonly string[];
  /** Names. */
  readonly annotations: readonly string[];
  /** Keys of the collector's notes. */
  readonly notes: readonly string[];
}

function forbiddenBy(keys: readonly string[]): Forbidden {
  const fields = keys.includes(PROTECTED)
    ? FIELDS.filter(({ visibility }) => visibility === 'protected')
    : [];
  const pathsFrom = (from: FieldDefinition['from']): readonly string[] =>
    fields.filter((field) => field.from === from).map(({ path }) => path);
  return {
    processed: [...keys.filter((key) => key !== PROTECTED), ...pathsFrom('processed')],
    annotations: pathsFrom('raw'),
    notes: pathsFrom('collector'),
  };
}

/** Indices get fields of the raw crash as well. */
function redactRaw(raw: RawCrash, { annotations, notes }: Forbidden): RawCrash {
  if (annotations.length === 0 && notes.length === 0) return raw;
  const kept = <T extends object>(record: T, dropped: readonly string[]): T =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !dropped.includes(name))) as T;
  return { ...raw, annotations: kept(raw.annotations, annotations), metadata: kept(raw.metadata, notes) };
}

const DROPPED = new WeakMap<Store, readonly string[]>();

/** What redactors in or under a store drop: whoever compares two stores leaves it out. */
export const redactedKeys = (store: Store): readonly string[] => [
  ...(DROPPED.get(store) ?? []),
  ...store.children.flatMap(redactedKeys),
];

export function withRedactor(inner: Store, options: { readonly forbiddenKeys: readonly string[] }): Store {
  const forbidden = forbiddenBy(options.forbiddenKeys);
  const store = layerOver(inner, 'redactor', {
    call(call, run) {
      if (call.method !== 'saveProcessed') return run();
      const [raw, processed] = call.args as readonly [RawCrash, ProcessedCrash];
      return run({ args: [redactRaw(raw, forbidden), redact(processed, forbidden.processed)] });
    },
  });
  DROPPED.set(store, forbidden.processed);
  return store;
}
