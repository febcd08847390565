/** The bundled sample crash, sent the way a client would. */
import { openAsBlob } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type CrashId, parseCrashId } from '../model/crash-id.ts';

export interface Sample {
  /** Absolute. */
  readonly dump: string;
  readonly gzipped: boolean;
  readonly annotations: Readonly<Record<string, string>>;
}

const NAMES = [
  ['sample.dmp', false],
  ['sample.dmp.gz', true],
] as const;

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return false;
    throw error;
  }
}

function parseAnnotations(text: string): Readonly<Record<string, string>> {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('annotations.json is no object');
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
}

/** Undefined where the package came without it. */
export async function findSample(folder: string): Promise<Sample | undefined> {
  for (const [name, gzipped] of NAMES) {
    const dump = join(folder, name);
    if (!(await exists(dump))) continue;
    const annotations = parseAnnotations(await readFile(join(folder, 'annotations.json'), 'utf8'));
    return { dump, gzipped, annotations };
  }
  return undefined;
}

/** What the collector said. */
export type Answer =
  | { readonly kind: 'accepted'; readonly id: CrashId }
  /** It took the crash and did not say its whole id. */
  | { readonly kind: 'accepted_unnamed' }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string };

const SEND_TIMEOUT_MS = 20_000;
const MAX_REASON = 200;

/** The collector answers in one of four forms, by a setting of its own: `CrashID=bp-…`, bare, 16 digits, JSON. */
export function parseAnswer(status: number, text: string): Answer {
  const body = text.trim();
  const id = /(?:bp-)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/.exec(body)?.[1];
  const crashId = id === undefined ? undefined : parseCrashId(id);
  if (status >= 200 && status < 300 && crashId) return { kind: 'accepted', id: crashId };
  if (status >= 200 && status < 300 && /^[0-9a-f]{16}$/.test(body)) return { kind: 'accepted_unnamed' };
  return { kind: 'refused', status, reason: body.slice(0, MAX_REASON) };
}

/** Posts the sample to the collector. Rejects when the collector cannot be reached. */
export async function sendSample(sample: Sample, url: string): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(sample.annotations)) form.set(name, value);
  const dump = sample.gzipped
    ? new Blob([new Uint8Array(await promisify(gunzip)(await readFile(sample.dump)))])
    : await openAsBlob(sample.dump);
  form.set('upload_file_minidump', dump, 'sample.dmp');
  const response = await fetch(url, {
    method: 'POST',
    body: form,
    redirect: 'error',
    signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    headers: { 'user-agent': 'auxilio-web sample' },
  });
  return parseAnswer(response.status, await response.text());
}
