/** What the home page says about uploads. */
import { totalOutcomes } from '../collector/outcomes.ts';
import { daysBefore, systemClock } from '../lib/clock.ts';
import type { CallOptions } from '../model/report.ts';
import type { UploadOverview } from '../web/deps.ts';
import type { App } from './app.ts';

const DAYS = 1;

/** Outcomes of the last day, of every collector that shares the database. */
export async function uploadOverview(app: App, options: CallOptions = {}): Promise<UploadOverview> {
  const since = daysBefore(systemClock.now(), DAYS);
  // What the collector of this process counted in the last seconds is not in the database yet.
  if (app.addresses.collector !== undefined) await (await app.outcomes()).flush();
  const outcomes = await totalOutcomes(await app.database(), { since }, options);
  return { since: since.toISOString(), outcomes };
}
