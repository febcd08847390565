/** Every section of settings, each from the component it belongs to. */
import { type CollectorSettings, collectorSchema } from '../../collector/settings.ts';
import { type JobSettings, jobSettingsSchema } from '../../crontabber/job-settings.ts';
import { type CrontabberSettings, crontabberSchema } from '../../crontabber/settings.ts';
import { type DatabaseSettings, databaseSchema } from '../../database/settings.ts';
import type { SettingsSchema } from '../../lib/settings.ts';
import { type NotifySettings, notifySchema } from '../../notify/settings.ts';
import { type ProcessorSettings, processorSchema } from '../../processor/settings.ts';
import { type SpoolSettings, spoolSchema } from '../../spool/settings.ts';
import { type SymbolsSettings, symbolsSchema } from '../../symbols/settings.ts';
import { type WebSettings, webSchema } from '../../web/settings.ts';
import {
  type AppSettings,
  appSchema,
  type CollectorWiring,
  collectorWiring,
  type ProcessorWiring,
  processorWiring,
  type SignatureSettings,
  type SocorroSettings,
  type SymbolsWiring,
  signatureSchema,
  socorroSchema,
  symbolsWiring,
  type WebWiring,
  webWiring,
} from './app-schema.ts';

export interface Settings {
  readonly app: AppSettings;
  readonly collector: CollectorSettings & CollectorWiring;
  readonly spool: SpoolSettings;
  readonly processor: ProcessorSettings & ProcessorWiring;
  readonly signature: SignatureSettings;
  readonly socorro: SocorroSettings;
  readonly symbols: SymbolsSettings & SymbolsWiring;
  readonly web: WebSettings & WebWiring;
  readonly crontabber: CrontabberSettings;
  readonly job: JobSettings;
  readonly database: DatabaseSettings;
  readonly notify: NotifySettings;
}

export type SectionName = keyof Settings;

export const SECTIONS: { readonly [S in SectionName]: SettingsSchema<Settings[S]> } = {
  app: appSchema,
  collector: { ...collectorSchema, ...collectorWiring },
  spool: spoolSchema,
  processor: { ...processorSchema, ...processorWiring },
  signature: signatureSchema,
  socorro: socorroSchema,
  symbols: { ...symbolsSchema, ...symbolsWiring },
  web: { ...webSchema, ...webWiring },
  crontabber: crontabberSchema,
  job: jobSettingsSchema,
  database: databaseSchema,
  notify: notifySchema,
};

/** Sections whose keys stand for themselves (`SYMBOL_PATHS`, `SENTRY_DSN`); the others are prefixed by their name. */
const UNPREFIXED: ReadonlySet<SectionName> = new Set(['app', 'symbols', 'notify']);

export const SECTION_NAMES = Object.keys(SECTIONS) as readonly SectionName[];

/** `collector` + `max_parts` = `COLLECTOR_MAX_PARTS`. */
export const settingKey = (section: SectionName, key: string): string =>
  (UNPREFIXED.has(section) ? key : `${section}_${key}`).toUpperCase();
