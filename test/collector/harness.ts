/** A collector over a fake spool, and raw HTTP to talk to it. */
import { connect } from 'node:net';
import { expect } from 'vitest';
import { createCollector } from '../../src/collector/collector.ts';
import type { Collector, CollectorDeps } from '../../src/collector/contract.ts';
import type { UploadOutcome } from '../../src/collector/outcomes/outcome.ts';
import { type CollectorSettings, collectorSchema } from '../../src/collector/settings.ts';
import { parseThrottleRules } from '../../src/collector/throttle/load-rules.ts';
import { silentLog } from '../../src/lib/log.ts';
import { type FormPart, multipartBody } from '../../src/lib/multipart-writer.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import type { ErrorEvent } from '../../src/notify/contract.ts';
import { BOUNDARY, dump, field, formBytes } from '../build/multipart.ts';
import { FakeSpool } from './fake-spool.ts';

export const NOW = new Date('2026-11-21T12:34:56.789Z');
const ACCEPT_ALL = [{ name: 'accept_everything', when: { always: true }, result: 'accept' }];

export interface Running {
  readonly collector: Collector;
  readonly spool: FakeSpool;
  readonly outcomes: UploadOutcome[];
  readonly reported: ErrorEvent[];
  readonly url: string;
  readonly port: number;
}

export interface Options {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly rules?: unknown;
  readonly deps?: Partial<CollectorDeps>;
}

export async function start({
  settings = {},
  rules = ACCEPT_ALL,
  deps = {},
}: Options = {}): Promise<Running> {
  const spool = new FakeSpool();
  const outcomes: UploadOutcome[] = [];
  const reported: ErrorEvent[] = [];
  const parsed: CollectorSettings = parseSettings(collectorSchema, {
    port: 0,
    close_timeout: 1000,
    ...settings,
  });
  const collector = createCollector(
    {
      spool,
      log: silentLog,
      clock: { now: () => NOW },
      reporter: { report: (event) => reported.push(event), close: async () => undefined },
      version: { version: '1.2.3' },
      alreadyStored: async (id) => spool.has(id),
      storesHealth: async () => ({ files: 'ok' }),
      outcomes: { record: (outcome) => outcomes.push(outcome) },
      throttle: await parseThrottleRules(rules, 'test rules'),
      random: () => 0.5,
      ...deps,
    },
    parsed,
  );
  const { port } = await collector.listen();
  return { collector, spool, outcomes, reported, port, url: `http://127.0.0.1:${port}` };
}

/** The usual upload. */
export const FORM = [
  field('ProductName', 'Fenix'),
  field('Version', '1.0'),
  dump('upload_file_minidump', 'MDMP'),
];

/** Closes it; nothing of its spool may be open then. */
export async function close({ collector, spool }: Running): Promise<void> {
  await collector.close();
  expect(spool.open).toBe(0);
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export async function post(
  running: Running,
  body: Uint8Array | ReadableStream,
  headers: Readonly<Record<string, string>> = {},
  path = '/submit',
): Promise<Answer> {
  const response = await fetch(`${running.url}${path}`, {
    method: 'POST',
    body: body as Uint8Array<ArrayBuffer>,
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, ...headers },
    duplex: 'half',
  } as RequestInit);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

export const postForm = async (
  running: Running,
  parts: readonly FormPart[],
  headers: Readonly<Record<string, string>> = {},
  path = '/submit',
): Promise<Answer> => post(running, await formBytes(parts), headers, path);

export const contentType = multipartBody([], BOUNDARY).contentType;

/** Writes bytes to a socket and reads until the server closes it or `until` says enough. */
export function raw(
  port: number,
  chunks: readonly (string | Buffer)[],
  { until, end = false }: { readonly until?: RegExp; readonly end?: boolean } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      for (const chunk of chunks) socket.write(chunk);
      if (end) socket.end();
    });
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (until?.test(text)) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(text) : reject(error),
    );
    socket.on('close', () => resolve(text));
  });
}

export const CRASH_ID =
  /^CrashID=bp-([a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{5})(\d)261121\n$/;
