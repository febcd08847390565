/**
 * A generator whose lists follow the files. Between two crashes the lists are all old or all new; an edit that cannot
 * be used leaves the old ones in use, and log, metrics and `state` say so until it is repaired.
 */
import { throwIfAborted } from '../lib/abort.ts';
import type { Log } from '../lib/log.ts';
import { declareMetrics } from '../lib/metrics.ts';
import type { CrashData } from './crash-data.ts';
import { type GenerateOptions, SignatureGenerator, type Signatures } from './generator.ts';
import { loadLists, parseLists } from './list-folder.ts';
import { ListWatch, type Reading, sameTexts } from './list-watch.ts';
import { ListError, type ListTexts, type SignatureLists } from './lists.ts';
import type { SafetyOptions } from './pattern-safety.ts';
import type { SignatureRule } from './rule.ts';
import type { SignatureResult } from './trace.ts';

const metrics = declareMetrics({
  signature_lists_edits_total: {
    type: 'counter',
    help: 'Edits of the signature lists that were noticed: `used`, or `refused` while the old lists stay in use',
    labels: ['outcome'],
  },
  signature_lists_broken: {
    type: 'gauge',
    help: '1 while the signature lists on disk cannot be used and older ones are in use, else 0',
  },
});

/** A store that hangs must hold up neither a start nor the next edit. */
const KEEP_MS = 5_000;

export interface LiveOptions {
  /** Of the five files, absolute. */
  readonly folder: string;
  readonly log: Log;
  readonly rules: readonly SignatureRule[];
  readonly cacheFile?: SafetyOptions['cacheFile'];
  /** Keeps a version that is in use, for explanations in years to come. A failure, or 5 s, is logged and tried again. */
  keep?(lists: SignatureLists, options: { readonly signal: AbortSignal }): Promise<void>;
}

export interface ListsState {
  /** Of the lists in use. */
  readonly digest: string;
  /** Why the files as they are now are not in use; absent when they are. */
  readonly broken?: string;
}

export class LiveGenerator implements Signatures {
  readonly #options: LiveOptions;
  #generator: SignatureGenerator;
  /** Refused already: said once. */
  #refused: ListTexts | undefined;
  #broken: string | undefined;
  #kept: string | undefined;
  #watch: ListWatch | undefined;

  private constructor(options: LiveOptions, generator: SignatureGenerator) {
    this.#options = options;
    this.#generator = generator;
  }

  /** Reads the lists; rejects with `ListError` or `DependencyError`: with lists that cannot be used nothing starts. */
  static async open(options: LiveOptions): Promise<LiveGenerator> {
    const { folder, cacheFile, rules } = options;
    const lists = await loadLists(folder, { cacheFile });
    return new LiveGenerator(options, new SignatureGenerator({ lists, rules }));
  }

  get lists(): SignatureLists {
    return this.#generator.lists;
  }

  get state(): ListsState {
    const { digest } = this.lists;
    return this.#broken === undefined ? { digest } : { digest, broken: this.#broken };
  }

  generate(data: CrashData, options?: GenerateOptions): SignatureResult {
    return this.#generator.generate(data, options);
  }

  /** Follows the files from now on; resolves when that has begun and the lists in use were kept. Asked twice it is once. */
  async watch(): Promise<void> {
    if (this.#watch) return;
    metrics.set('signature_lists_broken', 0);
    this.#watch = new ListWatch(this.#options.folder, {
      current: () => this.lists.texts,
      onReading: (reading, signal) => this.#take(reading, signal),
      onFailure: (error) => this.#options.log.error({ err: error }, 'signature lists: the watch stumbled'),
    });
    await this.#watch.started;
  }

  /** Ends the watch. May be called twice. */
  async close(): Promise<void> {
    await this.#watch?.close();
  }

  async #take(reading: Reading, signal: AbortSignal): Promise<void> {
    if ('error' in reading) this.#say(`the folder cannot be read (${reading.error})`);
    else if (sameTexts(reading.texts, this.lists.texts)) this.#repaired();
    else if (!this.#refused || !sameTexts(reading.texts, this.#refused))
      await this.#use(reading.texts, signal);
    await this.#keepOnce(this.lists, signal);
  }

  async #use(texts: ListTexts, signal: AbortSignal): Promise<void> {
    const { folder, cacheFile, rules, log } = this.#options;
    try {
      const lists = await parseLists(texts, { folder, cacheFile, signal });
      const generator = new SignatureGenerator({ lists, rules });
      // First kept, then used: no signature is made by lists that a crash of this process could take with it.
      await this.#keepOnce(lists, signal);
      this.#generator = generator;
    } catch (error) {
      throwIfAborted(signal);
      metrics.count('signature_lists_edits_total', { outcome: 'refused' });
      // Anything else may pass: the same texts are tried again with the next look.
      if (error instanceof ListError) this.#refused = texts;
      this.#say(error instanceof Error ? error.message : String(error));
      return;
    }
    metrics.count('signature_lists_edits_total', { outcome: 'used' });
    log.info({ lists: this.lists.digest }, 'signature lists: the edit is in use');
    this.#repaired();
  }

  #say(reason: string): void {
    metrics.set('signature_lists_broken', 1);
    if (this.#broken === reason) return;
    this.#broken = reason;
    const fields = { reason, lists: this.lists.digest };
    this.#options.log.error(fields, 'signature lists: the edit is refused, the old lists stay in use');
  }

  #repaired(): void {
    metrics.set('signature_lists_broken', 0);
    this.#refused = undefined;
    this.#broken = undefined;
  }

  async #keepOnce(lists: SignatureLists, signal: AbortSignal): Promise<void> {
    if (this.#kept === lists.digest) return;
    try {
      await this.#options.keep?.(lists, { signal: AbortSignal.any([signal, AbortSignal.timeout(KEEP_MS)]) });
      this.#kept = lists.digest;
    } catch (error) {
      throwIfAborted(signal);
      const fields = { err: error, lists: lists.digest };
      this.#options.log.warn(fields, 'signature lists: this version could not be kept yet; tried again');
    }
  }
}
