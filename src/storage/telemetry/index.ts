import { defineBackend } from '../definition.ts';
import { TELEMETRY_CAPABILITIES, type TelemetrySettings, telemetrySchema } from './settings.ts';

/** The SDK is loaded when such a store is opened, and not to read its settings. */
const storage = () => import('./telemetry-storage.ts');
const upkeep = () => import('./upkeep.ts');

export default defineBackend<TelemetrySettings>({
  use: 'telemetry',
  schema: telemetrySchema,
  capabilities: () => TELEMETRY_CAPABILITIES,
  open: async (settings, { name, log }) => (await storage()).openTelemetryStorage(name, settings, log),
  upkeep: {
    init: async (settings, context, how) => (await upkeep()).init(settings, context, how),
    wipe: async (settings, context, how) => (await upkeep()).wipe(settings, context, how),
  },
});
