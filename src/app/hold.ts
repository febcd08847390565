/** Crashes under legal hold, for everything that removes by hand. The jobs that remove read the same list. */
import { resolve } from 'node:path';
import { readHold } from '../crontabber/legal-hold.ts';
import type { CrashId } from '../model/crash-id.ts';
import type { CommandContext } from './command.ts';
import type { Configuration } from './config/configuration.ts';

export const heldOption = {
  flags: '--even-if-held',
  doc: 'crashes under legal hold (JOB_CLEANUP_STORAGE_HOLD) too',
};

/** One line's end: who is told so looks no further. */
export const HELD = 'is under legal hold (JOB_CLEANUP_STORAGE_HOLD): not removed; --even-if-held removes it';

/** Rejects with `SettingsError` when the list cannot be read: nothing is removed then. */
export const heldCrashes = ({ settings, cwd }: Configuration): Promise<ReadonlySet<CrashId>> => {
  const path = settings.job.cleanup_storage_hold;
  return readHold(path === '' ? '' : resolve(cwd, path));
};

/** Those that a command must leave alone: none with `--even-if-held`. */
export const heldFrom = async (context: CommandContext): Promise<ReadonlySet<string>> =>
  context.options['evenIfHeld'] === true ? new Set() : heldCrashes(await context.configuration());

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/** Whether a key, in whatever layout, is one of a crash in `held`. */
export const isOfHeld = (key: string, held: ReadonlySet<string>): boolean =>
  held.size > 0 && (key.match(ID) ?? []).some((id) => held.has(id.toLowerCase()));
