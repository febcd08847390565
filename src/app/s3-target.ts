/** Where `auxilio s3` works: with the credentials and the endpoint of a configured store. */
import { parseSettings } from '../lib/settings.ts';
import { splitOptions } from '../storage/layers/wrap.ts';
import type { S3Connection } from '../storage/s3-client/connection.ts';
import { type S3Settings, s3Schema } from '../storage/s3-client/settings.ts';
import { type CommandContext, UsageError } from './command.ts';

/** Stores that live in a bucket. */
const USES: ReadonlySet<string> = new Set(['s3', 'telemetry']);

export const storeOption = {
  flags: '--store <name>',
  doc: 'the store whose endpoint, credentials and bucket are used; may be left out when there is one alone',
};

/** `s3://bucket/key`; without a bucket (`s3:///key`) that of the store. */
export interface S3Target {
  readonly bucket: string;
  /** Empty for the whole bucket. */
  readonly key: string;
}

/** Undefined for what is no such URL. */
export function parseTarget(text: string, bucket: string): S3Target | undefined {
  const match = /^s3:\/\/([^/]*)(?:\/([\s\S]*))?$/.exec(text);
  return match ? { bucket: match[1] || bucket, key: match[2] ?? '' } : undefined;
}

export const formatTarget = ({ bucket, key }: S3Target): string => `s3://${bucket}/${key}`;

/** Settings of the chosen store, which must be one in a bucket. */
async function chosenStore(
  context: CommandContext,
): Promise<{ readonly store: string; readonly settings: S3Settings; label(key: string): string }> {
  const { stores } = await context.configuration();
  const names = [...stores].filter(([, { use }]) => USES.has(use)).map(([name]) => name);
  const { store: wanted } = context.options;
  const [only] = names.length === 1 ? names : [];
  const name = typeof wanted === 'string' ? wanted : only;
  const known = names.length === 0 ? 'none; set STORE_NAME_USE=s3' : names.join(', ');
  if (name === undefined) throw new UsageError(`--store says which store; in buckets there are: ${known}`);
  const definition = names.includes(name) ? stores.get(name) : undefined;
  if (!definition) throw new UsageError(`--store: ${name} is no store in a bucket; there are: ${known}`);
  const { own } = splitOptions(definition.options);
  const options = Object.fromEntries(Object.entries(own).filter(([key]) => key in s3Schema));
  const label = (key: string): string => definition.label(key);
  return { store: name, settings: parseSettings(s3Schema, options, label), label };
}

/** Runs `work` with a connection to the chosen store's server; its failures are said as the store would say them. */
export async function withS3<T>(
  context: CommandContext,
  work: (connection: S3Connection, store: string) => Promise<T>,
): Promise<T> {
  const { store, settings, label } = await chosenStore(context);
  const { withConnection } = await import('../storage/s3-client/connection.ts');
  return withConnection(settings, { store, label }, async (connection) => {
    try {
      return await work(connection, store);
    } catch (error) {
      throw error instanceof UsageError ? error : connection.error(error);
    }
  });
}
