import { SettingsError, type SettingsSchema } from '../../lib/settings.ts';
import { defineBackend } from '../definition.ts';
import { type Destination, parseDestination } from './destination.ts';
import { HTTP_CAPABILITIES, HttpStorage } from './http-storage.ts';

interface HttpOptions {
  readonly url: readonly string[];
  readonly sample: number;
  readonly token: string;
  readonly gzip: boolean;
  readonly user_agent: string;
  readonly connect_timeout: number;
  readonly timeout: number;
}

export const httpStorageSchema: SettingsSchema<HttpOptions> = {
  url: {
    doc: 'Collectors that get each report, each URL or URL|PERCENT: `https://a.example.com/submit, https://stage.example.com/submit|10`.',
    format: 'list',
    default: [],
  },
  sample: {
    doc: 'Percentage of crashes that a URL without one of its own gets; chosen by crash id.',
    format: Number,
    default: 100,
  },
  token: {
    doc: 'Bearer token, COLLECTOR_RESUBMIT_TOKEN of the destinations: with it they keep the crash id. Empty: they make ids of their own.',
    format: String,
    default: '',
    sensitive: true,
  },
  gzip: { doc: 'Send bodies compressed, and without Content-Length.', format: Boolean, default: false },
  user_agent: { doc: 'What it calls itself.', format: 'name', default: 'auxilio-submitter' },
  connect_timeout: { doc: 'Time limit for a connection.', format: 'duration', default: 10_000 },
  timeout: {
    doc: 'Longest silence, while a report is sent and until its answer is there.',
    format: 'duration',
    default: 30_000,
  },
};

/** Throws `SettingsError`. */
function destinationsOf(options: HttpOptions, label: (key: string) => string): readonly Destination[] {
  if (options.url.length === 0)
    throw new SettingsError(`${label('url')} is not set: where are reports to be sent?`);
  const destinations = options.url.map((text) => parseDestination(text, options.sample, label('url')));
  const twice = destinations.find((d, i) => destinations.findIndex((o) => o.url.href === d.url.href) !== i);
  if (twice) throw new SettingsError(`${label('url')} names ${twice.label} twice`);
  return destinations;
}

function check(options: HttpOptions, label: (key: string) => string): void {
  destinationsOf(options, label);
  if (!(options.sample >= 0 && options.sample <= 100))
    throw new SettingsError(`${label('sample')}: is a percentage from 0 to 100`);
  for (const key of ['connect_timeout', 'timeout'] as const)
    if (!(options[key] > 0)) throw new SettingsError(`${label(key)}: must be more than 0`);
  // Header values: a line end in one would end the header.
  for (const key of ['token', 'user_agent'] as const)
    if (/[^\x20-\x7e]/.test(options[key])) throw new SettingsError(`${label(key)}: printable ASCII only`);
}

export default defineBackend<HttpOptions>({
  use: 'http',
  schema: httpStorageSchema,
  capabilities: () => HTTP_CAPABILITIES,
  check,
  open: async (options, { name }, label) =>
    new HttpStorage(name, {
      destinations: destinationsOf(options, label),
      token: options.token,
      gzip: options.gzip,
      userAgent: options.user_agent,
      connectTimeoutMs: options.connect_timeout,
      timeoutMs: options.timeout,
    }),
});
