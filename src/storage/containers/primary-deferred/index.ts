import type { SettingsSchema } from '../../../lib/settings.ts';
import { checkWhen, deferWhen, whenSetting } from '../../children/routing.ts';
import { openChild } from '../../children/settings.ts';
import { defineBackend } from '../../definition.ts';
import { createPrimaryDeferred, primaryDeferredCapabilities } from './primary-deferred.ts';

interface PrimaryDeferredOptions {
  readonly primary: string;
  readonly deferred: string;
  readonly when: unknown;
}

export const primaryDeferredSchema: SettingsSchema<PrimaryDeferredOptions> = {
  primary: { doc: 'The store of crashes that are not deferred.', format: String, default: '' },
  deferred: { doc: 'The store of deferred crashes.', format: String, default: '' },
  when: whenSetting,
};

export default defineBackend<PrimaryDeferredOptions>({
  use: 'primary_deferred',
  schema: primaryDeferredSchema,
  childKeys: ['primary', 'deferred'],
  tries: 'alternatives',
  capabilities: (_options, children) => primaryDeferredCapabilities(children),
  check: checkWhen,
  async open(options, context, label) {
    const when = await deferWhen(options.when, label('when'));
    const [primary, deferred] = await Promise.all([
      openChild(options.primary, 'primary', context),
      openChild(options.deferred, 'deferred', context),
    ]);
    return createPrimaryDeferred(context.name, { primary, deferred }, when);
  },
});
