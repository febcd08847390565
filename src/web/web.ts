/** The web site as a service. */
import type { WebDeps } from './deps.ts';
import { checkWebSettings, type WebSettings } from './settings.ts';
import { createSite } from './site.ts';

export interface Web {
  /** Starts listening; resolves with the address of the site, without a slash at the end. */
  listen(): Promise<string>;
  /** Ends requests in hand, then stops. May be called twice. The stores and the queue belong to the caller. */
  close(): Promise<void>;
}

/** Throws `SettingsError` when the settings contradict each other. */
export function createWeb(deps: WebDeps, settings: WebSettings): Web {
  checkWebSettings(settings);
  const site = createSite(deps, settings);
  return {
    async listen() {
      const bound = await site.listen({ host: settings.host, port: settings.port });
      const address = settings.base_url || bound;
      deps.log.info({ address: bound }, 'web site listens');
      return address.replace(/\/$/, '');
    },
    close: () => site.close(),
  };
}
