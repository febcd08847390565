import type { SettingsSchema } from '../../../lib/settings.ts';
import { openChildren } from '../../children/settings.ts';
import { defineBackend } from '../../definition.ts';
import { createPoly, polyCapabilities } from './poly.ts';

interface PolyOptions {
  readonly children: string;
}

export const polySchema: SettingsSchema<PolyOptions> = {
  children: {
    doc: 'The stores that each get what they can keep, as a list.',
    format: String,
    default: '',
  },
};

export default defineBackend<PolyOptions>({
  use: 'poly',
  schema: polySchema,
  childKeys: ['children'],
  variadic: true,
  capabilities: (_options, children) => polyCapabilities(children),
  open: async (options, context) =>
    createPoly(context.name, await openChildren(options.children, context, 1)),
});
