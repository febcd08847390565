/** Days as stores list them. */
import { StorageError } from './errors.ts';

/** `invalid` unless the text is a real day as `YYYY-MM-DD`. */
export function checkDay(store: string, day: string): void {
  const date = new Date(`${day}T00:00:00Z`);
  if (/^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day))
    return;
  throw new StorageError('invalid', store, 'a day is written YYYY-MM-DD');
}
