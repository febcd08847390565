/** Symbol files that no source has: not asked for again until a time is over. Kept in a file between two runs. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

/** The oldest are forgotten first: anybody may send dumps with names that nobody has. */
const MAX_MISSING = 100_000;

export class MissingSymbols {
  readonly #until = new Map<string, number>();
  readonly #path: string;
  readonly #ttlMs: number;
  readonly #clock: Clock;

  constructor(path: string, ttlMs: number, clock: Clock) {
    this.#path = path;
    this.#ttlMs = ttlMs;
    this.#clock = clock;
  }

  has(name: string): boolean {
    const until = this.#until.get(name);
    if (until === undefined) return false;
    if (until > this.#clock.now().getTime()) return true;
    this.#until.delete(name);
    return false;
  }

  add(name: string): void {
    const [oldest] = this.#until.keys();
    if (this.#until.size >= MAX_MISSING && oldest !== undefined) this.#until.delete(oldest);
    this.#until.set(name, this.#clock.now().getTime() + this.#ttlMs);
  }

  /** Reads what an earlier run wrote down; a file that cannot be understood is forgotten, with a line in the log. */
  async load(log: Log): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    try {
      const entries = JSON.parse(text) as readonly (readonly [string, number])[];
      for (const [name, until] of entries.slice(-MAX_MISSING)) this.#until.set(name, until);
    } catch (error) {
      log.warn({ err: error }, 'symbol cache: missing.json is unreadable and is forgotten');
    }
  }

  /** Writes down what is not over yet; `temporary` is a path on the same file system. */
  async save(temporary: string): Promise<void> {
    const now = this.#clock.now().getTime();
    await writeFile(temporary, JSON.stringify([...this.#until].filter(([, until]) => until > now)));
    await rename(temporary, this.#path);
  }
}
