/** Symbol files that lie in a crash store as blobs: what `SYMBOLS_STORE` names. */
import type { CrashStorage } from '../../storage/contract.ts';
import { codeOf } from '../../storage/errors.ts';
import { symbolPath } from '../symbol-file.ts';
import { type SymbolSource, SymbolSourceError } from './source.ts';

/** The store stays the caller's: closing the source does not close it. */
export function blobSource(store: CrashStorage<'blobs'>): SymbolSource {
  return {
    name: `store ${store.name}`,
    async fetch(key, { signal }) {
      try {
        const blob = await store.getBlob(symbolPath(key), { signal });
        return { found: true, stream: await blob.open({ signal }), url: null };
      } catch (cause) {
        if (codeOf(cause) === 'not_found') return { found: false };
        throw new SymbolSourceError(`store ${store.name} did not answer`, { cause });
      }
    },
    close: () => Promise.resolve(),
  };
}
