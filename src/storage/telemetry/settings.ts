import type { SettingsSchema } from '../../lib/settings.ts';
import type { Capability } from '../contract.ts';
import { type KeyRootSettings, keyRootSchema } from '../s3-client/key-root.ts';
import { type S3Settings, s3Schema } from '../s3-client/settings.ts';

export interface TelemetrySettings extends S3Settings, KeyRootSettings {
  readonly schema: string;
}

export const telemetrySchema: SettingsSchema<TelemetrySettings> = {
  ...s3Schema,
  ...keyRootSchema,
  schema: {
    doc: 'JSON Schema (a file) of the documents: what it does not name is left out. It names fields as the search does, and public ones only. Empty: every public field, and the public part of the stack walk.',
    format: String,
    default: '',
  },
};

/** What is kept is less than a processed crash: it can be listed and removed, and not be read as one. */
export const TELEMETRY_CAPABILITIES = [
  'processed.write',
  'remove',
  'list',
] as const satisfies readonly Capability[];
