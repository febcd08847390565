/** Opens the stores that expressions name, each once, and closes what it opened. */
import { throwIfAborted } from '../lib/abort.ts';
import type { Log } from '../lib/log.ts';
import { SettingsError } from '../lib/settings.ts';
import type { CallOptions } from '../model/report.ts';
import type { Store } from './contract.ts';
import { checkNames, parseWritten, planStore, type StoreDefinitions, type Written } from './definitions.ts';
import { combine, StorageError } from './errors.ts';
import { formatExpression } from './expression.ts';
import { wrapInLayers } from './layers/wrap.ts';

export interface OpenStoresOptions {
  /** By name. */
  readonly definitions: StoreDefinitions;
  /** Where embedded stores live unless told otherwise; absolute. */
  readonly dataDir: string;
  /** What paths of modules from outside are relative to; absolute. */
  readonly baseDir: string;
  readonly log: Log;
  /** Aborted: nothing more is opened. */
  readonly signal?: AbortSignal;
  /** Aborted when the process is to end: calls go on, but no layer waits for an engine to come back. */
  readonly quit?: AbortSignal | undefined;
}

export interface OpenStores {
  /**
   * The store of an expression such as `fallback(bucket, spare)`, opened now or before. Rejects with `SettingsError`
   * when the wiring is wrong (`label` is what the operator wrote it in), with `StorageError` when a store cannot open.
   */
  get(expression: string, label?: string): Promise<Store>;
  /** Everything that is open: stores, containers and layers; children before what they are part of. */
  all(): readonly Store[];
  /** Containers and layers first, then what they are made of; goes on after a failure and rejects with every one. */
  close(options?: CallOptions): Promise<void>;
}

/** Throws `SettingsError` when a store has no proper name. Opens nothing yet. */
export function openStores(options: OpenStoresOptions): OpenStores {
  checkNames(options.definitions);
  return new Opener(options);
}

class Opener implements OpenStores {
  readonly #options: OpenStoresOptions;
  /** By the expression in its one written form. */
  readonly #opening = new Map<string, Promise<Store>>();
  /** Which store asked for which: a circle here would wait for itself for ever. */
  readonly #asked = new Map<string, Set<string>>();
  readonly #open: Store[] = [];
  #closing: Promise<void> | undefined;

  constructor(options: OpenStoresOptions) {
    this.#options = options;
  }

  async get(text: string, label = 'a store'): Promise<Store> {
    return this.#get(parseWritten(text, label));
  }

  all(): readonly Store[] {
    return [...this.#open];
  }

  close(options?: CallOptions): Promise<void> {
    this.#closing ??= this.#closeAll(options);
    return this.#closing;
  }

  #get(written: Written): Promise<Store> {
    if (this.#closing !== undefined) throw new StorageError('closed', 'stores', 'the stores are closed');
    const key = formatExpression(written.expression);
    const known = this.#opening.get(key);
    if (known !== undefined) return known;
    const opening = this.#openOne(written, key).catch((error: unknown) => {
      // What failed may be tried again, when the engine is back.
      this.#opening.delete(key);
      this.#asked.delete(key);
      throw error;
    });
    this.#opening.set(key, opening);
    return opening;
  }

  async #openOne(written: Written, key: string): Promise<Store> {
    const { dataDir, log, signal, quit } = this.#options;
    throwIfAborted(signal);
    const plan = await planStore(written, this.#options);
    const ask = async (child: string): Promise<Store> => {
      const wanted = parseWritten(child, key);
      this.#ask(key, formatExpression(wanted.expression));
      return this.#get(wanted);
    };
    const context = { name: key, dataDir, log, store: ask };
    const store = await plan.backend.open(plan.options, context, plan.label);
    const stack = [store, ...wrapInLayers(store, plan.layers, { log, quit })];
    this.#open.push(...stack);
    return stack.at(-1) ?? store;
  }

  /** Throws when `child` already waits for `parent`, whoever asked first. */
  #ask(parent: string, child: string): void {
    const path = this.#path(child, parent);
    if (path) throw new SettingsError(`the stores are wired in a circle: ${[parent, ...path].join(' -> ')}`);
    const children = this.#asked.get(parent) ?? new Set();
    this.#asked.set(parent, children.add(child));
  }

  #path(from: string, to: string, seen: ReadonlySet<string> = new Set()): readonly string[] | undefined {
    if (from === to) return [to];
    for (const next of this.#asked.get(from) ?? []) {
      if (seen.has(next)) continue;
      const rest = this.#path(next, to, new Set([...seen, from]));
      if (rest) return [from, ...rest];
    }
    return undefined;
  }

  async #closeAll(options: CallOptions | undefined): Promise<void> {
    await Promise.allSettled(this.#opening.values());
    const failures: unknown[] = [];
    for (const store of this.#open.toReversed()) {
      try {
        await store.close(options);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw combine('stores', failures);
  }
}
