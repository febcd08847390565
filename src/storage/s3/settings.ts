import { SettingsError, type SettingsSchema } from '../../lib/settings.ts';
import type { Capability } from '../contract.ts';
import { type S3Settings, s3Schema, storeLabel } from '../s3-client/settings.ts';
import { LAYOUTS, type Layout } from './keys.ts';

export interface S3StorageSettings extends S3Settings {
  readonly layout: Layout;
  readonly prefix: string;
  readonly leading_slash: boolean;
}

export const s3StorageSchema: SettingsSchema<S3StorageSettings> = {
  ...s3Schema,
  layout: {
    doc: 'Keys of crashes, as Socorro has them. simple-date: by day; v1: by id alone, which cannot list a day; v2: v1, with raw crashes by the first digits of the id and the day.',
    format: [...LAYOUTS],
    default: 'simple-date',
  },
  prefix: { doc: 'What every key begins with, without the / that follows it.', format: String, default: '' },
  leading_slash: {
    doc: "Keys begin with /, as Socorro's of 2018 do where its prefix is empty.",
    format: Boolean,
    default: false,
  },
};

export function checkPrefix(store: string, { prefix }: { readonly prefix: string }): void {
  if (/^\/|\/$|\/\//.test(prefix) || prefix.split('/').some((part) => part === '.' || part === '..'))
    throw new SettingsError(
      `${storeLabel(store)('prefix')}: is written without / at its ends, and without empty parts, . and ..`,
    );
}

const ALWAYS = [
  'report.write',
  'raw.read',
  'dumps.read',
  'processed.write',
  'processed.read',
  'remove',
  'blobs',
] as const satisfies readonly Capability[];

/** Keys of v1 have no day by which they could be listed. */
export const s3Capabilities = ({ layout }: S3StorageSettings): readonly Capability[] =>
  layout === 'v1' ? ALWAYS : [...ALWAYS, 'list'];
