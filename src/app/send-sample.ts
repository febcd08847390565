/** A test product: the bundled sample crash, a few times, through a collector of this configuration. */
import { AbortedError } from '../lib/abort.ts';
import type { CallOptions } from '../model/report.ts';
import { findSample, type Sample, sendSample } from '../web/sample-crash.ts';
import { collectorUrl } from './collector-url.ts';
import { CommandError } from './command.ts';
import type { Configuration } from './config/configuration.ts';
import { sampleFolder } from './sample.ts';

/** What differs between the crashes, so that there is something to count and to filter. */
const VARIANTS: readonly Readonly<Record<string, string>>[] = [
  { Version: '1.4.2', ReleaseChannel: 'beta' },
  { Version: '1.4.2', ReleaseChannel: 'beta', ProcessType: 'content' },
  { Version: '1.4.1', ReleaseChannel: 'release', BuildID: '20260812101500' },
  {
    Version: '1.4.1',
    ReleaseChannel: 'release',
    BuildID: '20260812101500',
    Comments: 'Again, with the harbour.',
  },
  { Version: '1.5.0a1', ReleaseChannel: 'nightly', BuildID: '20261120031200' },
];

const DRAIN_MS = 60_000;

/** On a port of its own beside one that runs: they share the spool, as processes do. */
function quietCollector(configuration: Configuration): Configuration {
  const { settings } = configuration;
  const collector = { ...settings.collector, host: '127.0.0.1', port: 0 };
  return { ...configuration, settings: { ...settings, collector } };
}

async function sendAll(sample: Sample, url: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const variant of VARIANTS) {
    const answer = await sendSample({ ...sample, annotations: { ...sample.annotations, ...variant } }, url);
    if (answer.kind === 'refused')
      throw new CommandError(
        `the collector refuses the sample crash (${answer.status} ${answer.reason}); do COLLECTOR_PRODUCTS or COLLECTOR_THROTTLE_RULES let ${sample.annotations['ProductName']} in?`,
      );
    ids.push(answer.kind === 'accepted' ? answer.id : 'taken');
  }
  return ids;
}

/** Resolves with a line for each crash, once all are stored and queued. */
export async function sendSamples(
  configuration: Configuration,
  { signal }: CallOptions,
): Promise<readonly string[]> {
  const sample = await findSample(sampleFolder);
  if (!sample) throw new CommandError('this package came without its sample crash');
  const { openApp } = await import('./container.ts');
  const app = openApp(quietCollector(configuration), signal);
  try {
    const { collector: settings } = app.configuration.settings;
    const address = await (await app.collector()).listen();
    const ids = await sendAll(sample, collectorUrl(address, settings));
    const limit = AbortSignal.timeout(DRAIN_MS);
    await (await app.spool()).drain({ signal: signal ? AbortSignal.any([signal, limit]) : limit });
    const product = sample.annotations['ProductName'] ?? 'sample';
    return ids.map((id) => `sample crash ${id} of ${product}, stored in ${settings.storage} and queued`);
  } catch (cause) {
    if (!(cause instanceof AbortedError) || signal?.aborted) throw cause;
    throw new CommandError(
      'the sample crashes were taken and wait in the spool: a store or the queue is down',
      {
        cause,
      },
    );
  } finally {
    await app.close();
  }
}
