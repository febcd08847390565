/** JSON in a bucket, as it stands: Socorro reads and writes it without compression. */
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import type { S3Parts } from './s3-parts.ts';

type Fields = Readonly<Record<string, unknown>>;

export const writeJson = (
  { objects }: S3Parts,
  key: string,
  value: unknown,
  options?: CallOptions,
): Promise<void> =>
  objects.put(key, Buffer.from(JSON.stringify(value)), { ...options, contentType: 'application/json' });

/** Undefined when there is no such object. */
export async function readJson(parts: S3Parts, key: string, options?: CallOptions): Promise<unknown> {
  const bytes = await parts.objects.read(key, options);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (cause) {
    throw new StorageError('corrupt', parts.name, `${key} is no JSON`, { cause });
  }
}

export async function readObject(
  parts: S3Parts,
  key: string,
  options?: CallOptions,
): Promise<Fields | undefined> {
  const json = await readJson(parts, key, options);
  if (json === undefined) return undefined;
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Fields;
  throw new StorageError('corrupt', parts.name, `${key} is no JSON object`);
}
