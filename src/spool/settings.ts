/** Settings of the spool; the app gives them the section `spool`. */
import type { SettingsSchema } from '../lib/settings.ts';

export interface SpoolSettings {
  readonly root: string;
  readonly reserve: number;
  readonly floor: number;
  readonly inline_dump: number;
  readonly segment_size: number;
  readonly move_concurrency: number;
  readonly move_timeout: number;
  readonly retry_min: number;
  readonly retry_max: number;
  readonly lease: number;
}

export const spoolSchema: SettingsSchema<SpoolSettings> = {
  root: {
    doc: 'Folder of the spool; DATA_DIR/spool when empty. On a local disk; on that of an fs store, dumps are linked into the store instead of copied',
    format: String,
    default: '',
  },
  reserve: {
    doc: 'Below this much free space dumps are dropped and only annotations kept',
    format: 'bytes',
    default: 512 * 1024 ** 2,
  },
  floor: {
    doc: 'Below this much free space nothing is accepted: uploads are answered 503 with Retry-After',
    format: 'bytes',
    default: 32 * 1024 ** 2,
  },
  inline_dump: {
    doc: 'Dumps up to this size lie in the journal with the annotations instead of in a file of their own: one sync for many crashes',
    format: 'bytes',
    default: 64 * 1024,
  },
  segment_size: {
    doc: 'A file of the journal is closed when it has reached this size, and removed when its last report was stored and queued',
    format: 'bytes',
    default: 32 * 1024 ** 2,
  },
  move_concurrency: {
    doc: 'Reports that are stored and queued at once; fewer while uploads are being answered',
    format: 'nat',
    default: 32,
  },
  move_timeout: {
    doc: 'A report that takes longer to store than this is tried again later',
    format: 'duration',
    default: 10 * 60_000,
  },
  retry_min: {
    doc: 'First pause when the store or the queue is down; it doubles each time',
    format: 'duration',
    default: 500,
  },
  retry_max: {
    doc: 'Longest pause when the store or the queue is down',
    format: 'duration',
    default: 30_000,
  },
  lease: {
    doc: 'A process on another host that has not renewed its lease for this long is taken for dead, and its reports are adopted',
    format: 'duration',
    default: 60_000,
  },
};
