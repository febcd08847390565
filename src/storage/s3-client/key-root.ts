/** What the keys of a store begin with, and the crash at their end. */
import { SettingsError, type SettingsSchema } from '../../lib/settings.ts';
import { type CrashId, isCrashId } from '../../model/crash-id.ts';
import { storeLabel } from './settings.ts';

export interface KeyRootSettings {
  readonly prefix: string;
  readonly leading_slash: boolean;
}

export const keyRootSchema: SettingsSchema<KeyRootSettings> = {
  prefix: { doc: 'What every key begins with, without the / that follows it.', format: String, default: '' },
  leading_slash: {
    doc: "Keys begin with /, as Socorro's of 2018 do where its prefix is empty. Servers that keep objects as files may drop it.",
    format: Boolean,
    default: false,
  },
};

/** Throws `SettingsError` for a prefix that some server would take for another one. */
export function checkPrefix(store: string, { prefix }: Pick<KeyRootSettings, 'prefix'>): void {
  const parts = prefix.split('/');
  if (prefix !== '' && parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new SettingsError(
      `${storeLabel(store)('prefix')}: is written without / at its ends, and without empty parts, . and ..`,
    );
}

/** Socorro joins its prefix with `/`, so that an empty one makes keys that begin with `/`. */
export const keyRoot = ({ prefix, leading_slash }: KeyRootSettings): string =>
  `${leading_slash ? '/' : ''}${prefix === '' ? '' : `${prefix}/`}`;

/** The crash that a key belongs to: its last part. */
export function idIn(key: string): CrashId | undefined {
  const last = key.slice(key.lastIndexOf('/') + 1);
  return isCrashId(last) ? last : undefined;
}
