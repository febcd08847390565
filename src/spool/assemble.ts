/** From an entry on the disk to a report for a store. */
import { Readable } from 'node:stream';
import { mapConcurrent } from '../lib/concurrency.ts';
import { openFile } from '../lib/streams.ts';
import type { Dump, Report } from '../model/report.ts';
import type { Waiting } from './backlog.ts';
import { type Digest, type Digester, sha256Of } from './digest.ts';
import { spoolMetrics } from './metrics.ts';
import { withoutDumps } from './mover.ts';
import type { DumpRef, SpoolRecord } from './record.ts';

const DUMPS_AT_ONCE = 4;

/**
 * The record and its report, dumps with their checksums. Dumps are durable before their record is written, so one that is
 * not whole is a fault of the disk: it is left out, with a note, so that the rest is not lost.
 * `isOurs` says whether the box is still this process's: if not, nothing can be said of missing dumps.
 */
export async function assemble(
  waiting: Waiting,
  digester: Digester,
  isOurs: () => Promise<boolean>,
): Promise<{ readonly record: SpoolRecord; readonly report: Report }> {
  const { entry, box } = waiting;
  const record = waiting.fresh ?? (await entry.segment.read(entry));
  const found = await mapConcurrent(record.head.dumps, DUMPS_AT_ONCE, (ref) =>
    dumpOf(
      ref,
      record,
      (file) => box.dumps.path(file),
      (path) => digester.file(path),
    ),
  );
  const dumps = found.filter((dump) => dump !== undefined);
  if (dumps.length === found.length) return { record, report: { raw: record.raw, dumps } };
  if (!(await isOurs())) throw new Error('the box was taken over by another process');
  const lost = record.head.dumps.filter((_, i) => found[i] === undefined);
  spoolMetrics.count('spool_damaged_total', { what: 'dump' }, lost.length);
  return { record, report: { raw: withoutDumps(record.raw, lost), dumps } };
}

/** Undefined when it is not there, or not what was written. */
async function dumpOf(
  ref: DumpRef,
  record: SpoolRecord,
  pathOf: (file: string) => string,
  digestOf: (path: string) => Promise<Digest>,
): Promise<Dump | undefined> {
  const { name, size, place } = ref;
  if ('at' in place) {
    const bytes = record.inline(place.at, size);
    return { name, size, sha256: sha256Of(bytes), open: async () => Readable.from(bytes) };
  }
  const path = pathOf(place.file);
  try {
    const digest = await digestOf(path);
    if (digest.size !== size) return undefined;
    return {
      name,
      size,
      sha256: digest.sha256,
      path,
      immutable: true,
      open: (options) => openFile(path, options?.signal),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
