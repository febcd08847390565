import type { SettingsSchema } from '../../../lib/settings.ts';
import { checkWhen, deferWhen, whenSetting } from '../../children/routing.ts';
import { openChild } from '../../children/settings.ts';
import { defineBackend } from '../../definition.ts';
import {
  createPrimaryDeferredProcessed,
  primaryDeferredProcessedCapabilities,
} from './primary-deferred-processed.ts';

interface PrimaryDeferredProcessedOptions {
  readonly primary: string;
  readonly deferred: string;
  readonly processed: string;
  readonly when: unknown;
}

export const primaryDeferredProcessedSchema: SettingsSchema<PrimaryDeferredProcessedOptions> = {
  primary: { doc: 'The store of reports that are not deferred.', format: String, default: '' },
  deferred: { doc: 'The store of deferred reports.', format: String, default: '' },
  processed: { doc: 'The store of processed crashes.', format: String, default: '' },
  when: whenSetting,
};

export default defineBackend<PrimaryDeferredProcessedOptions>({
  use: 'primary_deferred_processed',
  schema: primaryDeferredProcessedSchema,
  childKeys: ['primary', 'deferred', 'processed'],
  tries: 'alternatives',
  capabilities: (_options, children) => primaryDeferredProcessedCapabilities(children),
  check: checkWhen,
  async open(options, context, label) {
    const when = await deferWhen(options.when, label('when'));
    const [primary, deferred, processed] = await Promise.all([
      openChild(options.primary, 'primary', context),
      openChild(options.deferred, 'deferred', context),
      openChild(options.processed, 'processed', context),
    ]);
    return createPrimaryDeferredProcessed(context.name, { primary, deferred, processed }, when);
  },
});
