/**
 * Watches the folder of the lists. The system's events make it quick, and reading the five files every few seconds
 * makes it sure: events do not come from network file systems, from the far side of a symbolic link (how Kubernetes
 * swaps a ConfigMap), nor from the folder that was put in place of the one that is watched.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { isAborted, sleep, throwIfAborted } from '../lib/abort.ts';
import { errnoOf } from '../lib/errno.ts';
import { readListTexts } from './list-folder.ts';
import { LIST_NAMES, type ListTexts } from './lists.ts';

/** The files once they have come to rest, or why the folder cannot be read. */
export type Reading = { readonly texts: ListTexts } | { readonly error: string };

interface WatchOptions {
  /** The texts in use. */
  current(): ListTexts;
  /** Called at first and after each look. */
  onReading(reading: Reading, signal: AbortSignal): Promise<void>;
  /** `onReading` threw; the watch goes on. */
  onFailure(error: unknown): void;
}

const LOOK_MS = 5_000;
/** Files are read twice this far apart until both say the same: editors write in pieces. */
const SETTLE_MS = 200;
/** As long must a file or the folder be away, which some editors and every `git checkout` take away for a moment. */
const AWAY_MS = 2_000;

export const sameTexts = (a: ListTexts, b: ListTexts): boolean =>
  [...LIST_NAMES.values()].every((name) => (a[name] ?? '') === (b[name] ?? ''));

const sameReading = (a: Reading, b: Reading): boolean =>
  'texts' in a && 'texts' in b ? sameTexts(a.texts, b.texts) : 'error' in a && 'error' in b;

export class ListWatch {
  /** Resolves after the first look. */
  readonly started: Promise<void>;
  readonly #folder: string;
  readonly #options: WatchOptions;
  readonly #quit = new AbortController();
  readonly #done: Promise<void>;
  #watcher: { readonly handle: FSWatcher; readonly folder: string } | undefined;
  /** An event came while nobody was waiting for one. */
  #isDue = false;
  #wake: () => void = () => undefined;

  constructor(folder: string, options: WatchOptions) {
    this.#folder = folder;
    this.#options = options;
    this.started = this.#look();
    this.#done = this.started.then(() => this.#run());
  }

  async close(): Promise<void> {
    this.#quit.abort();
    await this.#done;
    this.#watcher?.handle.close();
    this.#watcher = undefined;
  }

  async #run(): Promise<void> {
    while (!this.#quit.signal.aborted) {
      await this.#untilChange();
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { signal } = this.#quit;
    try {
      throwIfAborted(signal);
      await this.#arm();
      await this.#options.onReading(await this.#settled(signal), signal);
    } catch (error) {
      if (!isAborted(error)) this.#options.onFailure(error);
    }
  }

  /** An event, or the time for a look at all events. */
  async #untilChange(): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    if (this.#isDue) woken.abort();
    const signal = AbortSignal.any([woken.signal, this.#quit.signal]);
    await sleep(LOOK_MS, { signal }).catch((error: unknown) => {
      if (!isAborted(error)) throw error;
    });
    this.#isDue = false;
  }

  /** Watches the folder that is there now: a watch stays with the old one when another takes its place. */
  async #arm(): Promise<void> {
    const folder = await identity(this.#folder);
    if (this.#watcher?.folder === folder && folder !== undefined) return;
    this.#watcher?.handle.close();
    this.#watcher = undefined;
    if (folder === undefined) return;
    try {
      const handle = watch(this.#folder, { persistent: false }, () => {
        this.#isDue = true;
        this.#wake();
      });
      handle.on('error', () => {
        handle.close();
        if (this.#watcher?.handle === handle) this.#watcher = undefined;
      });
      this.#watcher = { handle, folder };
    } catch {
      // No watches left (ENOSPC), or the folder is gone again: the looks go on without.
      this.#watcher = undefined;
    }
  }

  async #settled(signal: AbortSignal): Promise<Reading> {
    let last = await read(this.#folder);
    for (;;) {
      const ms = this.#restMs(last);
      if (ms === 0) return last;
      await sleep(ms, { signal });
      const next = await read(this.#folder);
      if (sameReading(last, next)) return next;
      last = next;
    }
  }

  #restMs(reading: Reading): number {
    if ('error' in reading) return AWAY_MS;
    const current = this.#options.current();
    if (sameTexts(reading.texts, current)) return 0;
    const isAway = [...LIST_NAMES.values()].some((name) => !reading.texts[name] && current[name]);
    return isAway ? AWAY_MS : SETTLE_MS;
  }
}

/** Undefined while there is none. */
async function identity(folder: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(folder, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

async function read(folder: string): Promise<Reading> {
  try {
    await readdir(folder);
    return { texts: await readListTexts(folder) };
  } catch (error) {
    return { error: errnoOf(error) ?? String(error) };
  }
}
