/** JSON in and out of the file: compressed, checked when it is read. */
import { promisify } from 'node:util';
import { constants, deflateRaw, inflateRaw } from 'node:zlib';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import { StorageError } from '../errors.ts';

const compress = promisify(deflateRaw);
const expand = promisify(inflateRaw);

/** What we wrote is smaller; a damaged file must not fill the memory. */
const MAX_DOCUMENT_BYTES = 512 * 1024 * 1024;

/** Half the time of the default level, and a tenth larger, on processed crashes. */
const OPTIONS = { level: 3, memLevel: constants.Z_DEFAULT_MEMLEVEL } as const;

export const packJson = (value: unknown): Promise<Buffer> =>
  compress(Buffer.from(JSON.stringify(value)), OPTIONS);

export async function unpackJson(store: string, bytes: unknown): Promise<unknown> {
  try {
    if (!(bytes instanceof Uint8Array)) throw new TypeError('no bytes');
    const json = await expand(bytes, { maxOutputLength: MAX_DOCUMENT_BYTES });
    return JSON.parse(json.toString()) as unknown;
  } catch (cause) {
    throw new StorageError('corrupt', store, 'a stored document cannot be read', { cause });
  }
}

/** A processed crash in its three parts. A part that the crash does not have is null. */
export interface ProcessedParts {
  readonly document: Buffer;
  readonly input: string | null;
  readonly trace: string | null;
}

const jsonOrNull = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

export async function splitProcessed(processed: ProcessedCrash): Promise<ProcessedParts> {
  const { signature_input, signature_trace, ...rest } = processed;
  return {
    document: await packJson(rest),
    input: jsonOrNull(signature_input),
    trace: jsonOrNull(signature_trace),
  };
}

export function joinProcessed(document: object, input: unknown, trace: unknown): ProcessedCrash {
  return {
    ...document,
    ...(typeof input === 'string' ? { signature_input: JSON.parse(input) as object } : {}),
    ...(typeof trace === 'string' ? { signature_trace: JSON.parse(trace) as object } : {}),
  } as ProcessedCrash;
}
