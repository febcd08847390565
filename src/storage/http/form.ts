/** A report as the form that a client would send. */
import { type FormPart, type MultipartBody, multipartBody } from '../../lib/multipart-writer.ts';
import type { CallOptions, Dump, RawCrash, Report } from '../../model/report.ts';
import { checkedChunks } from '../dump-bytes.ts';

/** Header lines cannot hold them, and readers differ in what they make of the escapes. */
const UNSAFE_NAME = /["\\\r\n%]|[^\x20-\x7e]/;

/** Form parts carry UTF-8: a name or value that is none goes as JSON, and so does what came as JSON. */
const needsJson = ({ annotations, metadata }: RawCrash): boolean =>
  metadata.payload === 'json' ||
  Object.entries(annotations).some(([name, value]) => UNSAFE_NAME.test(name) || !value.isWellFormed());

/**
 * Sorted by name. With `keepId` the collector is asked to keep the crash id, which it does for those with its token; that
 * comes first, so that no limit of the collector's cuts it off.
 */
function annotationParts(raw: RawCrash, keepId: boolean): FormPart[] {
  const { uuid: _claimed, ...annotations } = raw.annotations;
  const sorted = Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1));
  const entries = keepId ? [['uuid', raw.id] as const, ...sorted] : sorted;
  if (needsJson(raw))
    return [
      { name: 'extra', value: JSON.stringify(Object.fromEntries(entries)), contentType: 'application/json' },
    ];
  return entries.map(([name, value]) => ({ name, value }));
}

const dumpPart = (store: string, dump: Dump, options: CallOptions): FormPart => ({
  name: dump.name,
  filename: `${dump.name}.dump`,
  size: dump.size,
  chunks: () => checkedChunks(store, dump, options),
});

/** Dumps are read while the body is; `options` end that. */
export function reportForm(
  store: string,
  { raw, dumps }: Report,
  keepId: boolean,
  options: CallOptions,
): MultipartBody {
  return multipartBody([
    ...annotationParts(raw, keepId),
    ...dumps.map((dump) => dumpPart(store, dump, options)),
  ]);
}
