/** Drops listed fields from processed crashes before they are saved: a store that got them cannot leak them. */
import type { ProcessedCrash } from '../../model/processed-crash.ts';
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

const DROPPED = new WeakMap<Store, readonly string[]>();

/** What redactors in or under a store drop: whoever compares two stores leaves it out. */
export const redactedKeys = (store: Store): readonly string[] => [
  ...(DROPPED.get(store) ?? []),
  ...store.children.flatMap(redactedKeys),
];

export function withRedactor(inner: Store, options: { readonly forbiddenKeys: readonly string[] }): Store {
  const store = layerOver(inner, 'redactor', {
    call(call, run) {
      if (call.method !== 'saveProcessed') return run();
      const [raw, processed] = call.args;
      return run({ args: [raw, redact(processed as ProcessedCrash, options.forbiddenKeys)] });
    },
  });
  DROPPED.set(store, options.forbiddenKeys);
  return store;
}
