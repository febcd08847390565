/** SQL functions that SQLite lacks. Registered on each connection by the worker. */
import type { DatabaseSync } from 'node:sqlite';
import { fold, wordsOf } from '../lib/words.ts';

/** Every word of `wanted` is a word of `text`, case aside. No word wanted: false. */
export function hasWords(text: string, wanted: string): boolean {
  const words = wordsOf(wanted);
  if (words.length === 0) return false;
  const present = new Set(wordsOf(text));
  return words.every((word) => present.has(word));
}

export function registerFunctions(db: DatabaseSync): void {
  const pure = { deterministic: true, directOnly: true } as const;
  db.function('auxilio_fold', pure, (text) => (typeof text === 'string' ? fold(text) : null));
  db.function('auxilio_has_words', pure, (text, wanted) =>
    typeof text === 'string' && typeof wanted === 'string' ? Number(hasWords(text, wanted)) : null,
  );
}
