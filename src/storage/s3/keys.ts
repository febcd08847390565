/**
 * Where a crash lies in a bucket, as Socorro's key builders have it (socorro/external/boto, 2018; Antenna). A *thing*
 * is the raw crash, the names of the dumps, the processed crash, or one dump.
 */
import { createHash } from 'node:crypto';
import { type CrashId, dayOf } from '../../model/crash-id.ts';
import { StorageError } from '../errors.ts';
import { idIn } from '../s3-client/key-root.ts';

export const LAYOUTS = ['v1', 'v2', 'simple-date'] as const;
export type Layout = (typeof LAYOUTS)[number];

export const RAW = 'raw_crash';
export const NAMES = 'dump_names';
export const PROCESSED = 'processed_crash';
/** Telemetry's documents may lie in the same bucket. */
export const REPORT = 'crash_report';

/** The form part whose thing has another name. */
const MAIN_DUMP = 'upload_file_minidump';
const MAIN_THING = 'dump';

/** Things that are no dump, and the one that only the main dump may have. */
const TAKEN: ReadonlySet<string> = new Set([RAW, NAMES, PROCESSED, REPORT, MAIN_THING]);

/** File systems below a server allow 255 bytes. */
const ENCODED_LIMIT = 200;

const percent = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/**
 * The original writes a name as it came, so that a dump named `raw_crash` replaces the raw crash. Ours differs only
 * where a name would do that, leave its folder, be no key, or be another name on some server: such characters become
 * `%xx`, and a name too long for a file `%~` and its SHA-256. The names themselves are read from `dump_names`.
 */
export function dumpThing(name: string): string {
  if (name === MAIN_DUMP) return MAIN_THING;
  if (name === '') return '%';
  if (TAKEN.has(name) || name === '.' || name === '..') return percent(name.slice(0, 1)) + name.slice(1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is encoded
  const encoded = name.replace(/[\u0000-\u001f\u007f%/\\]|^ | $/g, percent);
  return name.isWellFormed() && Buffer.byteLength(encoded) <= ENCODED_LIMIT
    ? encoded
    : `%~${createHash('sha256').update(Buffer.from(name, 'utf16le')).digest('hex')}`;
}

export class Keys {
  readonly layout: Layout;
  /** What every key of this store begins with. */
  readonly root: string;
  readonly #store: string;

  constructor(store: string, layout: Layout, root: string) {
    this.#store = store;
    this.layout = layout;
    this.root = root;
  }

  /** False for an id that no crash of this layout can have: there is nothing to read or remove. */
  holds(id: CrashId): boolean {
    return this.layout !== 'simple-date' || dayOf(id) !== undefined;
  }

  /** The key that is written. */
  of(thing: string, id: CrashId): string {
    const day = dayOf(id)?.replaceAll('-', '');
    if (this.layout === 'simple-date') {
      // [bug] of the original: today's date, under which nobody finds the crash tomorrow.
      if (day === undefined)
        throw new StorageError('invalid', this.#store, `${id} ends with no date; layout=v1 takes it`);
      return `${this.root}v1/${thing}/${day}/${id}`;
    }
    if (this.layout === 'v2' && thing === RAW && day !== undefined)
      return `${this.root}v2/${thing}/${id.slice(0, 3)}/${day}/${id}`;
    return `${this.root}v1/${thing}/${id}`;
  }

  dump(name: string, id: CrashId): string {
    return this.of(dumpThing(name), id);
  }

  /** Where a raw crash may lie, in the order they are tried: before `v2` there was `v1`. */
  raws(id: CrashId): readonly string[] {
    if (!this.holds(id)) return [];
    return [...new Set([this.of(RAW, id), ...(this.layout === 'v2' ? [`${this.root}v1/${RAW}/${id}`] : [])])];
  }

  /** The folder of a thing, every crash below it. */
  folder(thing: string): string {
    return `${this.root}v1/${thing}/`;
  }

  /** The folder of a thing on a day; simple-date alone has it. */
  day(thing: string, day: string): string {
    return `${this.folder(thing)}${day.replaceAll('-', '')}/`;
  }

  /** Where v2 has raw crashes, below the first three digits of their ids. */
  rawFolder(): string {
    return `${this.root}v2/${RAW}/`;
  }

  /** What every key of crashes begins with. */
  get crashes(): readonly string[] {
    return [`${this.root}v1/`, `${this.root}v2/`];
  }

  /**
   * Prefixes of the raw crashes among which that of `id` would be: few enough to be held. v1 and v2 look at each
   * other's too: a bucket that was opened with the wrong one of the two is not to lose its dumps for that.
   */
  group(id: CrashId): readonly string[] {
    if (this.layout === 'simple-date') return [this.of(RAW, id).slice(0, 2 - id.length)];
    const first = id.slice(0, 3);
    return [`${this.folder(RAW)}${first}`, `${this.rawFolder()}${first}/`];
  }

  /** The crash that a key of this layout belongs to; undefined for every other key, whoever wrote it. */
  idOf(key: string): CrashId | undefined {
    const id = idIn(key);
    const thing = key.slice(this.root.length).split('/')[1];
    if (id === undefined || thing === undefined || !this.holds(id)) return undefined;
    return this.of(thing, id) === key ? id : undefined;
  }
}
