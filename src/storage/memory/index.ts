import type { SettingsSchema } from '../../lib/settings.ts';
import { defineBackend } from '../definition.ts';
import { MEMORY_CAPABILITIES, MemoryStorage } from './memory-storage.ts';

interface MemoryOptions {
  readonly max_bytes: number;
}

export const memoryStorageSchema: SettingsSchema<MemoryOptions> = {
  max_bytes: {
    doc: 'The store is full when what it holds would be larger than this.',
    format: 'bytes',
    default: 512 * 1024 ** 2,
  },
};

export default defineBackend<MemoryOptions>({
  use: 'memory',
  schema: memoryStorageSchema,
  capabilities: () => MEMORY_CAPABILITIES,
  open: async (options, { name }) => new MemoryStorage(name, { maxBytes: options.max_bytes }),
  // It is empty in every process that wipes it, and nobody reaches into another's memory.
  upkeep: { wipe: async () => [] },
});
