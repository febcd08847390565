import type { SettingsSchema } from '../../../lib/settings.ts';
import { openChildren } from '../../children/settings.ts';
import { defineBackend } from '../../definition.ts';
import { createFallback, fallbackCapabilities } from './fallback.ts';

interface FallbackOptions {
  readonly children: string;
  readonly pause: number;
  readonly max_pause: number;
}

export const fallbackSchema: SettingsSchema<FallbackOptions> = {
  children: {
    doc: 'The stores in the order in which they are tried, as a list.',
    format: String,
    default: '',
  },
  pause: {
    doc: 'How long a child that failed is left out; doubles with each further failure.',
    format: 'duration',
    default: 1000,
  },
  max_pause: { doc: 'The longest of these pauses.', format: 'duration', default: 60_000 },
};

export default defineBackend<FallbackOptions>({
  use: 'fallback',
  schema: fallbackSchema,
  childKeys: ['children'],
  variadic: true,
  tries: 'alternatives',
  capabilities: (_options, children) => fallbackCapabilities(children),
  open: async (options, context) =>
    createFallback(context.name, await openChildren(options.children, context, 2), {
      pauseMs: options.pause,
      maxPauseMs: options.max_pause,
    }),
});
