/** Erasure: a crash is removed from everything that is configured, and every failure is reported. */
import { isAborted } from '../lib/abort.ts';
import type { CrashId } from '../model/crash-id.ts';
import { UnsavedResults } from '../processor/unsaved-results.ts';
import { can } from '../storage/contract.ts';
import { combine } from '../storage/errors.ts';
import type { App, Removal, RemoveOptions } from './app.ts';
import { heldCrashes } from './hold.ts';
import { unsavedFolder } from './unsaved-folder.ts';

export interface Eraser {
  /**
   * Rejects, after trying everything, when something could not be asked; and, having touched nothing, when the list of
   * crashes under legal hold cannot be read.
   */
  remove(id: CrashId, options?: RemoveOptions): Promise<Removal>;
}

const hadIt = (result: PromiseSettledResult<boolean>): boolean =>
  result.status === 'fulfilled' && result.value;

/** Whoever stopped it knows that it was stopped; anything else that went wrong is said. */
function worst(failures: readonly unknown[]): unknown {
  const real = failures.filter((failure) => !isAborted(failure));
  return real.length > 0 ? combine('erase', real) : failures[0];
}

export function eraser(app: App): Eraser {
  return {
    async remove(id, { evenIfHeld = false, ...options } = {}) {
      if (!evenIfHeld && (await heldCrashes(app.configuration)).has(id)) return 'held';
      // In the order in which a crash travels: what is behind us would store it again after the stores were cleaned.
      const [spooled] = await Promise.allSettled([app.spool().then((spool) => spool.remove(id, options))]);
      const [task] = await Promise.allSettled([app.queue().then((queue) => queue.forget(id, options))]);
      const [unsaved] = await Promise.allSettled([
        new UnsavedResults(unsavedFolder(app.configuration)).forget(id),
      ]);
      const stores = await app.stores();
      const removals = [...app.configuration.stores.keys()].map(async (name) => {
        const store = await stores.get(name);
        return can(store, 'remove') && store.remove(id, options);
      });
      const settled = [spooled, unsaved, ...(await Promise.allSettled(removals))];
      const failures = [task, ...settled].flatMap((result) =>
        result.status === 'rejected' ? [result.reason as unknown] : [],
      );
      if (failures.length > 0) throw worst(failures);
      if (settled.some(hadIt)) return 'removed';
      return hadIt(task) ? 'forgotten' : 'absent';
    },
  };
}
