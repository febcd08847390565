/** The bundled sample crash, as a client would send it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sampleFolder } from '../../src/app/sample.ts';

export const SAMPLE_SIGNATURE = 'darkroom::Picture::longest_side';

export const sampleDump = async (): Promise<Buffer> =>
  gunzipSync(await readFile(join(sampleFolder, 'sample.dmp.gz')));

/** Posts a report; resolves with the answer. */
export async function postCrash(
  url: string,
  dump: Uint8Array | undefined,
  annotations: Readonly<Record<string, string>> = { ProductName: 'Darkroom', Version: '1.4.2' },
): Promise<{ readonly status: number; readonly text: string; readonly id: string }> {
  const form = new FormData();
  for (const [name, value] of Object.entries(annotations)) form.set(name, value);
  if (dump) form.set('upload_file_minidump', new Blob([new Uint8Array(dump)]), 'crash.dmp');
  const response = await fetch(url, { method: 'POST', body: form });
  const text = await response.text();
  return { status: response.status, text, id: /^CrashID=bp-(\S+)/.exec(text)?.[1] ?? '' };
}
