import type { SettingsSchema } from '../../lib/settings.ts';
import type { Capability } from '../contract.ts';
import { type KeyRootSettings, keyRootSchema } from '../s3-client/key-root.ts';
import { type S3Settings, s3Schema } from '../s3-client/settings.ts';
import { LAYOUTS, type Layout } from './keys.ts';

export interface S3StorageSettings extends S3Settings, KeyRootSettings {
  readonly layout: Layout;
}

export const s3StorageSchema: SettingsSchema<S3StorageSettings> = {
  ...s3Schema,
  layout: {
    doc: 'Keys of crashes, as Socorro has them. simple-date: by day; v1: by id alone, which cannot list a day; v2: v1, with raw crashes by the first digits of the id and the day.',
    format: [...LAYOUTS],
    default: 'simple-date',
  },
  ...keyRootSchema,
};

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
