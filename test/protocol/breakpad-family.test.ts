/** Bodies as Crashpad, Breakpad, Electron and Firefox send them, over plain sockets and with their headers. */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  breakpadCurlBody,
  breakpadWindowsBody,
  type ClientBody,
  crashpadBody,
  firefoxBody,
} from '../build/multipart-clients.ts';
import { CRASH_ID, type Running, raw, start } from '../collector/harness.ts';

let running: Running;
beforeEach(async () => {
  running = await start();
});
afterEach(() => running.collector.close());

const MINIDUMP = Buffer.concat([
  Buffer.from('MDMP\x93\xa7\0\0', 'latin1'),
  randomBytes(150_000),
  Buffer.from('\r\n--'),
]);

interface Sending {
  readonly path?: string;
  readonly headers: readonly string[];
  /** Transfer-Encoding: chunked and no Content-Length, in chunks of this size. */
  readonly chunked?: number;
}

async function send(
  { contentType }: ClientBody,
  bytes: Buffer,
  { path = '/submit', headers, chunked }: Sending,
): Promise<string> {
  const framing = chunked === undefined ? `Content-Length: ${bytes.length}` : 'Transfer-Encoding: chunked';
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Content-Type: ${contentType}`,
    framing,
    ...headers,
    '',
    '',
  ];
  const wire: Buffer[] = [Buffer.from(head.join('\r\n'))];
  if (chunked === undefined) wire.push(bytes);
  else {
    for (let at = 0; at < bytes.length; at += chunked) {
      const piece = bytes.subarray(at, at + chunked);
      wire.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
    }
    wire.push(Buffer.from('0\r\n\r\n'));
  }
  const text = await raw(running.port, wire, { until: /CrashID=bp-.*\n|Discarded=/ });
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  return text.split('\r\n\r\n')[1] as string;
}

describe('Crashpad', () => {
  const annotations: Record<string, string> = {
    guid: '8f1d6f0e-4b0c-4a51-9d6d-0b6f7c1f4a11',
    prod: 'Chrome_Linux',
    ver: '150.0.7871.100',
    channel: '',
    ptype: 'browser',
    'num-extensions': '0',
    'switch-1': '--enable-crash-reporter',
    list_annotations: 'line one\nline two: ü',
  };
  for (let i = 0; i < 66; i += 1) annotations[`variation-${i}`] = `${i}`.repeat(20);

  it('chunked gzip: no Content-Length, product, version and guid in the query string', async () => {
    const body = crashpadBody(annotations, { upload_file_minidump: MINIDUMP });
    // Crashpad sends no Content-Length (http_transport_libcurl.cc) and never retries: a 411 would lose the crash.
    const answer = await send(body, gzipSync(body.body), {
      path: `/submit?product=Chrome_Linux&version=150.0.7871.100&guid=${annotations['guid']}`,
      headers: ['Content-Encoding: gzip', 'User-Agent: Crashpad/1.0.0 Linux/6.1', 'Accept: */*'],
      chunked: 4096,
    });
    expect(answer).toMatch(CRASH_ID);
    const { raw: crash, dumps } = running.spool.only();
    expect(crash.annotations).toEqual({
      ...annotations,
      product: 'Chrome_Linux',
      version: '150.0.7871.100',
    });
    expect(dumps['upload_file_minidump']?.equals(MINIDUMP)).toBe(true);
    expect(crash.metadata).toMatchObject({ compressed: true, userAgent: 'Crashpad/1.0.0 Linux/6.1' });
    expect(running.outcomes).toMatchObject([{ product: 'Chrome_Linux', version: '150.0.7871.100' }]);
  });

  it('attachments beside the minidump are dumps of their own', async () => {
    const body = crashpadBody(
      { prod: 'A' },
      { upload_file_minidump: MINIDUMP, 'attachment_log.txt': Buffer.from('log') },
    );
    await send(body, gzipSync(body.body), { headers: ['Content-Encoding: gzip'], chunked: 100 });
    expect(Object.keys(running.spool.only().dumps)).toEqual(['upload_file_minidump', 'attachment_logtxt']);
  });
});

describe('Breakpad', () => {
  it('over libcurl on Linux', async () => {
    const body = breakpadCurlBody(
      { prod: 'App', ver: '1.2.3', ptype: 'browser' },
      { upload_file_minidump: MINIDUMP },
    );
    const answer = await send(body, body.body, {
      headers: ['User-Agent: Breakpad/1.0 (Linux)', 'Accept: */*'],
    });
    expect(answer).toMatch(CRASH_ID);
    const { raw: crash, dumps } = running.spool.only();
    expect(crash.annotations).toEqual({ prod: 'App', ver: '1.2.3', ptype: 'browser' });
    expect(dumps['upload_file_minidump']?.equals(MINIDUMP)).toBe(true);
    expect(crash.metadata.notes).toEqual([]);
  });

  it('WinInet on Windows, with a path as file name', async () => {
    const body = breakpadWindowsBody({ prod: 'App', ver: '1.2.3' }, { upload_file_minidump: MINIDUMP });
    expect(await send(body, body.body, { headers: ['User-Agent: Breakpad/1.0 (Windows)'] })).toMatch(
      CRASH_ID,
    );
    expect(running.spool.only().dumps['upload_file_minidump']?.equals(MINIDUMP)).toBe(true);
  });
});

describe('Electron', () => {
  it("sends its own name as prod and the application's as _productName", async () => {
    const annotations = {
      prod: 'Electron',
      ver: '41.0.0',
      _productName: 'Editor',
      _version: '7.1',
      plat: 'linux',
      ptype: 'renderer',
    };
    const body = crashpadBody(annotations, { upload_file_minidump: MINIDUMP });
    const answer = await send(body, gzipSync(body.body), {
      headers: ['Content-Encoding: gzip'],
      chunked: 16_384,
    });
    expect(answer).toMatch(CRASH_ID);
    expect(running.spool.only().raw.annotations).toEqual(annotations);
    expect(running.outcomes).toMatchObject([{ product: 'Editor', version: '7.1' }]);
  });
});

describe('Firefox', () => {
  it('sends all annotations in one JSON part, and several dumps', async () => {
    const extra = {
      ProductName: 'Firefox',
      Version: '145.0',
      BuildID: '20261101000000',
      ReleaseChannel: 'release',
      CrashTime: '1795267200',
      TelemetryEnvironment: JSON.stringify({ system: { os: { name: 'Linux' } } }),
      TelemetryClientId: 'must not be kept',
      StackTraces: { status: 'OK', threads: [] },
    };
    const body = firefoxBody(extra, {
      upload_file_minidump: MINIDUMP,
      upload_file_minidump_browser: MINIDUMP,
    });
    const answer = await send(body, gzipSync(body.body), {
      headers: ['Content-Encoding: gzip', 'User-Agent: crashreporter/1.0.0'],
    });
    expect(answer).toMatch(CRASH_ID);
    const { raw: crash, dumps } = running.spool.only();
    const { TelemetryClientId, StackTraces, ...texts } = extra;
    expect(crash.annotations).toEqual({ ...texts, StackTraces: JSON.stringify(StackTraces) });
    expect(Object.keys(dumps)).toEqual(['upload_file_minidump', 'upload_file_minidump_browser']);
    expect(crash.metadata).toMatchObject({
      payload: 'json',
      notes: ['Removed TelemetryClientId from raw crash.'],
    });
  });
});
