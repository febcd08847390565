/** The crontabber's health endpoint. Jobs matter more than it: a port that is taken is said, and stops nothing. */
import type { Crontabber } from '../crontabber/crontabber.ts';
import { type HealthServer, openHealthServer } from '../crontabber/health-server.ts';
import type { App } from './app.ts';
import { versionInfo } from './version-info.ts';

/** Undefined when it could not be opened. The caller closes it. */
export async function crontabberHealth(app: App, crontabber: Crontabber): Promise<HealthServer | undefined> {
  const { host, port } = app.configuration.settings.crontabber;
  try {
    const { log } = app;
    return await openHealthServer({
      host,
      port,
      log,
      version: versionInfo(),
      standings: () => crontabber.standings(),
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EADDRNOTAVAIL') throw error;
    app.log.error(
      { err: error, host, port },
      'no health endpoint of the crontabber: the port is taken; CRONTABBER_PORT chooses another',
    );
    return undefined;
  }
}
