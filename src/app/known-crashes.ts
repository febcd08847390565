/** Whether there is anything to process of a crash: a task for one that nobody has becomes a dead letter. */
import type { CrashId } from '../model/crash-id.ts';
import type { CallOptions } from '../model/report.ts';
import { type CrashStorage, need } from '../storage/contract.ts';
import { codeOf } from '../storage/errors.ts';
import type { App } from './app.ts';
import { CommandError } from './command.ts';
import { isOutage } from './outage.ts';

/** Not an abort: whoever stops a command knows why. */
const cannotBeAsked = (error: unknown): error is Error => isOutage(error) && codeOf(error) !== 'aborted';

const explained = (cause: Error): CommandError =>
  new CommandError(
    `PROCESSOR_SOURCE cannot be asked, and only what is printed above is queued; --force queues without asking: ${cause.message}`,
    { cause },
  );

async function openSource(app: App): Promise<CrashStorage<'raw.read'>> {
  const expression = app.configuration.settings.processor.source;
  try {
    return need(
      await (await app.stores()).get(expression, 'PROCESSOR_SOURCE'),
      'PROCESSOR_SOURCE',
      'raw.read',
    );
  } catch (error) {
    throw cannotBeAsked(error) ? explained(error) : error;
  }
}

/**
 * Asks what the processor reads, then the spool, which is opened only for a crash that the store does not have: opening
 * takes up what dead processes left. Rejects with `CommandError` when the store cannot be asked.
 */
export async function knownCrashes(
  app: App,
): Promise<(id: CrashId, options?: CallOptions) => Promise<boolean>> {
  const source = await openSource(app);
  return async (id, options) => {
    try {
      await source.readRaw(id, options);
      return true;
    } catch (error) {
      // It is there; the processor says what is wrong with it.
      if (codeOf(error) === 'corrupt') return true;
      if (codeOf(error) !== 'not_found') throw cannotBeAsked(error) ? explained(error) : error;
    }
    return (await (await app.spool()).find(id, options)) !== undefined;
  };
}
