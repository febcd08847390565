/**
 * Results that no store would take, kept on disk until one does: an outage of the destination costs no second
 * stack walk, not even over a restart. There are hardly more than tasks in hand: those that stand aside
 * meanwhile (stubborn-crashes.ts), one for each pause of an outage.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../lib/make-folders.ts';
import type { CrashId } from '../model/crash-id.ts';
import type { ProcessedCrash } from '../model/processed-crash.ts';

interface Kept {
  readonly ruleset: string;
  readonly processed: ProcessedCrash;
}

export class UnsavedResults {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async keep(id: CrashId, ruleset: string, processed: ProcessedCrash): Promise<void> {
    await makeFolders(this.#folder);
    const temporary = `${this.#path(id)}.tmp`;
    await writeFile(temporary, JSON.stringify({ ruleset, processed } satisfies Kept));
    await rename(temporary, this.#path(id));
  }

  /** Undefined when there is none for this rule set, or when it cannot be read: then the dump is walked again. */
  async find(id: CrashId, ruleset: string): Promise<ProcessedCrash | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path(id), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const kept = JSON.parse(text) as Kept;
      return kept.ruleset === ruleset ? kept.processed : undefined;
    } catch (error) {
      // Torn by a power cut: the file is a cache, and the dump is still there to be walked.
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** True when there was one. */
  async forget(id: CrashId): Promise<boolean> {
    try {
      await rm(this.#path(id));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  #path(id: CrashId): string {
    return join(this.#folder, `${id}.json`);
  }
}
