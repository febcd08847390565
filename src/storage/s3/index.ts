import { defineBackend } from '../definition.ts';
import { checkPrefix } from '../s3-client/key-root.ts';
import { type S3StorageSettings, s3Capabilities, s3StorageSchema } from './settings.ts';

/** The SDK takes 40 MB: it is loaded when such a store is opened, and not to read its settings. */
const storage = () => import('./s3-storage.ts');
const upkeep = () => import('./upkeep.ts');

export default defineBackend<S3StorageSettings>({
  use: 's3',
  schema: s3StorageSchema,
  capabilities: s3Capabilities,
  async open(settings, { name, log }) {
    checkPrefix(name, settings);
    return (await storage()).openS3Storage(name, settings, log);
  },
  upkeep: {
    init: async (settings, context, how) => (await upkeep()).init(settings, context, how),
    sweep: async (settings, context, how) => (await upkeep()).sweep(settings, context, how),
    wipe: async (settings, context, how) => (await upkeep()).wipe(settings, context, how),
  },
});
