/** What a backend may use while it opens, and its upkeep while it works. */
import type { Log } from '../lib/log.ts';
import type { Store } from './contract.ts';

export interface OpenContext {
  /** Its name in the config. */
  readonly name: string;
  /** Where embedded stores live unless told otherwise; absolute. */
  readonly dataDir: string;
  readonly log: Log;
  /** Another store: a name or an expression such as `fallback(bucket, spare)`. Opened once, closed by whoever opened it. */
  store(expression: string): Promise<Store>;
}
