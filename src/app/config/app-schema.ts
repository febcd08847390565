/** Settings of the program as a whole, and the wiring: which stores each service uses. */

import { LOG_LEVELS, type LogLevel } from '../../lib/log.ts';
import type { SettingsSchema } from '../../lib/settings.ts';

export interface AppSettings {
  readonly data_dir: string;
  readonly environment: string;
  readonly log_level: LogLevel;
  readonly insecure_development: boolean;
}

export const appSchema: SettingsSchema<AppSettings> = {
  data_dir: {
    doc: 'Folder of everything embedded: stores, queue, spool, database.',
    format: String,
    default: './data',
  },
  environment: {
    doc: '`development` allows insecure development overrides; anything else is a server.',
    format: String,
    default: 'production',
  },
  log_level: { doc: 'How much goes to the log on stderr.', format: [...LOG_LEVELS], default: 'info' },
  insecure_development: {
    doc: 'Set by config/never_on_a_server.env; a start with ENVIRONMENT other than `development` refuses it.',
    format: Boolean,
    default: false,
  },
};

export interface CollectorWiring {
  readonly storage: string;
}

export const collectorWiring: SettingsSchema<CollectorWiring> = {
  storage: {
    doc: 'Where uploads are stored: a store or a wiring expression.',
    format: 'name',
    default: 'crashes',
  },
};

export interface ProcessorWiring {
  readonly source: string;
  readonly destination: string;
}

export const processorWiring: SettingsSchema<ProcessorWiring> = {
  source: { doc: 'Where the processor reads reports.', format: 'name', default: 'crashes' },
  destination: { doc: 'Where it saves processed crashes.', format: 'name', default: 'poly(crashes, index)' },
};

export interface WebWiring {
  readonly source: string;
  readonly search: string;
}

export const webWiring: SettingsSchema<WebWiring> = {
  source: { doc: 'Where pages read crashes.', format: 'name', default: 'crashes' },
  search: { doc: 'Where pages search: a store with `search`.', format: 'name', default: 'index' },
};

export interface SymbolsWiring {
  readonly symbols_store: string;
}

export const symbolsWiring: SettingsSchema<SymbolsWiring> = {
  symbols_store: {
    doc: 'A store with `blobs` that holds symbol files beside the folders and servers; empty is none.',
    format: String,
    default: '',
  },
};

export interface SignatureSettings {
  readonly list_dir: string;
  readonly lists_store: string;
  readonly rules: readonly string[];
}

export const signatureSchema: SettingsSchema<SignatureSettings> = {
  list_dir: {
    doc: 'Folder of the five signature lists; empty is the one that comes with the package. An edit takes effect without a restart.',
    format: String,
    default: '',
  },
  lists_store: {
    doc: 'A store with `blobs` that keeps each version of the lists that made a signature, for explanations; empty keeps them under DATA_DIR, where only this host sees them.',
    format: String,
    default: '',
  },
  rules: {
    doc: 'Signature rules from outside, by module path or package name.',
    format: 'list',
    default: [],
  },
};

export interface SocorroSettings {
  readonly url: string;
  readonly api_token: string;
  readonly timeout: number;
}

/** A server of somebody else, which `signature` can ask instead of the stores here. */
export const socorroSchema: SettingsSchema<SocorroSettings> = {
  url: {
    doc: 'Socorro-compatible server that `signature` reads processed crashes from, e.g. https://crash-stats.mozilla.org; empty: the stores here.',
    format: String,
    default: '',
  },
  api_token: {
    doc: 'Token of that server, sent as Auth-Token; with it protected fields are answered, too.',
    format: String,
    default: '',
    sensitive: true,
  },
  timeout: { doc: 'Longest time for one answer of that server.', format: 'duration', default: 60_000 },
};
