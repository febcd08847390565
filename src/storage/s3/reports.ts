/** Raw crashes and their dumps. */
import { throwIfAborted } from '../../lib/abort.ts';
import { mapConcurrent } from '../../lib/concurrency.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions, Dump, DumpInfo, Report } from '../../model/report.ts';
import { refuseTwinDumps } from '../dump-bytes.ts';
import { StorageError } from '../errors.ts';
import type { Staged } from '../s3-client/uploads.ts';
import { fromSocorroRaw, type SocorroRaw, toSocorroRaw } from '../socorro-format.ts';
import { readJson, readObject, writeJson } from './documents.ts';
import { NAMES, PROCESSED, RAW } from './keys.ts';
import { AT_ONCE, objectDump, requireBucket, type S3Parts } from './s3-parts.ts';

/** The main dump has its place whatever the lists say. */
const MAIN_DUMP = 'upload_file_minidump';

export class Reports {
  readonly #parts: S3Parts;

  constructor(parts: S3Parts) {
    this.#parts = parts;
  }

  /**
   * Names first, so that whatever is written can be found and removed; then the dumps; the raw crash last. The
   * dumps that an earlier report had and this one has not go when it is saved.
   */
  async save({ raw, dumps }: Report, options?: CallOptions): Promise<void> {
    const { name, keys, uploads } = this.#parts;
    refuseTwinDumps(name, dumps);
    const { id } = raw;
    const places = dumps.map((dump) => ({ key: keys.dump(dump.name, id), dump }));
    const earlier = this.#names(id, options);
    earlier.catch(() => undefined);
    const staged = await uploads.stage(places, options);
    try {
      const before = (await earlier) ?? [];
      throwIfAborted(options?.signal);
      const infos = staged.map(({ dump, sha256 }) => ({ name: dump.name, size: dump.size, sha256 }));
      await this.#write(id, staged, before, options, () =>
        writeJson(this.#parts, keys.of(RAW, id), toSocorroRaw(raw, infos), options),
      );
    } finally {
      await Promise.all(staged.map((one) => one.discard()));
    }
  }

  /**
   * A failure in here leaves what was written to `sweep`. To take it back at once would be wrong: another process may
   * have saved the same report meanwhile, as after a lease of the spool that ran out.
   */
  async #write(
    id: CrashId,
    staged: readonly Staged[],
    before: readonly string[],
    options: CallOptions | undefined,
    writeRaw: () => Promise<void>,
  ): Promise<void> {
    const { keys, objects } = this.#parts;
    const names = staged.map(({ dump }) => dump.name);
    const stale = before.filter((name) => !names.includes(name));
    const writeNames = (all: readonly string[]): Promise<void> =>
      writeJson(this.#parts, keys.of(NAMES, id), all, options);
    await writeNames([...names, ...stale]);
    await mapConcurrent(staged, AT_ONCE, (one) => one.commit(options));
    await writeRaw();
    if (stale.length === 0) return;
    await mapConcurrent(stale, AT_ONCE, (name) => objects.remove(keys.dump(name, id), options));
    await writeNames(names);
  }

  async read(id: CrashId, options?: CallOptions): Promise<SocorroRaw> {
    for (const key of this.#parts.keys.raws(id)) {
      const json = await readObject(this.#parts, key, options);
      if (json) return fromSocorroRaw(id, json);
    }
    throw new StorageError('not_found', this.#parts.name, `no raw crash ${id}`);
  }

  async listDumps(id: CrashId, options?: CallOptions): Promise<readonly DumpInfo[]> {
    const { checksums } = await this.read(id, options);
    const names = await this.#namesOf(id, checksums, options);
    const infos = await mapConcurrent(names, AT_ONCE, (name) => this.#info(id, name, checksums, options));
    return infos.filter((info) => info !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async readDump(id: CrashId, name: string, options?: CallOptions): Promise<Dump> {
    const { checksums } = await this.read(id, options);
    const names = await this.#namesOf(id, checksums, options);
    const info = names.includes(name) ? await this.#info(id, name, checksums, options) : undefined;
    if (!info) throw new StorageError('not_found', this.#parts.name, `no such dump of ${id}`);
    return objectDump(this.#parts, info, this.#parts.keys.dump(name, id));
  }

  /**
   * Removes the raw crash first, for nobody finds the rest without it, and the names of the dumps last, for without
   * them an interrupted removal could not be finished.
   */
  async remove(id: CrashId, options?: CallOptions): Promise<boolean> {
    const { keys, objects } = this.#parts;
    if (!keys.holds(id)) return false;
    const raws = keys.raws(id);
    const processed = keys.of(PROCESSED, id);
    const [listed, checksums, ...infos] = await Promise.all([
      this.#names(id, options),
      this.#checksums(id, options),
      ...[...raws, processed].map((key) => objects.head(key, options)),
    ]);
    if (listed === undefined && checksums === undefined && infos.every((info) => info === undefined)) {
      await requireBucket(this.#parts, options);
      return false;
    }
    const names = new Set([...(listed ?? []), ...Object.keys(checksums ?? {}), MAIN_DUMP]);
    await mapConcurrent([...raws, processed], AT_ONCE, (key) => objects.remove(key, options));
    await mapConcurrent(names, AT_ONCE, (name) => objects.remove(keys.dump(name, id), options));
    await objects.remove(keys.of(NAMES, id), options);
    return true;
  }

  /** A raw crash that cannot be read can be removed all the same. */
  async #checksums(
    id: CrashId,
    options?: CallOptions,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    try {
      return (await this.read(id, options)).checksums;
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      if (code === 'not_found') return undefined;
      if (code === 'corrupt') return {};
      throw error;
    }
  }

  /** What `dump_names` says; undefined when there is none. */
  async #names(id: CrashId, options?: CallOptions): Promise<readonly string[] | undefined> {
    const { keys, name } = this.#parts;
    const json = await readJson(this.#parts, keys.of(NAMES, id), options);
    if (json === undefined) return undefined;
    if (Array.isArray(json) && json.every((one) => typeof one === 'string')) return json;
    throw new StorageError('corrupt', name, `dump_names of ${id} is no list of names`);
  }

  /** A raw crash of ours, or of Antenna, says of each dump what its bytes are; an older one says nothing. */
  async #namesOf(
    id: CrashId,
    checksums: Readonly<Record<string, string>>,
    options: CallOptions | undefined,
  ): Promise<readonly string[]> {
    const known = Object.keys(checksums);
    if (known.length > 0) return known;
    const listed = await this.#names(id, options);
    if (listed) return listed;
    throw new StorageError('corrupt', this.#parts.name, `${id} has a raw crash and no dump_names`);
  }

  /** Undefined when the object is gone, as by a lifecycle rule for dumps alone. */
  async #info(
    id: CrashId,
    name: string,
    checksums: Readonly<Record<string, string>>,
    options: CallOptions | undefined,
  ): Promise<DumpInfo | undefined> {
    const info = await this.#parts.objects.head(this.#parts.keys.dump(name, id), options);
    const sha256 = Object.hasOwn(checksums, name) ? checksums[name] : undefined;
    if (info?.sha256 !== undefined && sha256 !== undefined && info.sha256 !== sha256)
      throw new StorageError('corrupt', this.#parts.name, `a dump of ${id} is not the one of its raw crash`);
    return info && { name, size: info.size, ...both(info.sha256 ?? sha256) };
  }
}

const both = (sha256: string | undefined): { readonly sha256?: string } =>
  sha256 === undefined ? {} : { sha256 };
