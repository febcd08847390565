/** The HTTP server around the protocols: health, methods, time limits, broken HTTP, shutdown. */
import { afterEach, describe, expect, it } from 'vitest';
import { dump, field, formBytes } from '../build/multipart.ts';
import { CRASH_ID, close, contentType, type Options, postForm, type Running, raw, start } from './harness.ts';

let running: Running;
const open = async (options?: Options): Promise<void> => {
  running = await start(options);
};
afterEach(() => close(running));

const FORM = [field('ProductName', 'Fenix'), dump('upload_file_minidump', 'MDMP')];
const get = (path: string, init?: RequestInit) => fetch(`${running.url}${path}`, init);
const head = (length: number, more = ''): string =>
  `POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: ${contentType}\r\n${more}Content-Length: ${length}\r\n\r\n`;

describe('health', () => {
  it('is ok, with the state of spool and stores', async () => {
    await open();
    const response = await get('/__heartbeat__');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: 'ok',
      errors: [],
      stores: { files: 'ok' },
      spool: { room: 'all', entries: 0 },
    });
  });

  it.each([
    ['a store that is down', async () => ({ files: 'ok', bucket: 'unavailable' }), ['bucket']],
    ['stores that nobody can ask', () => Promise.reject(new Error('secret detail')), ['stores']],
  ])('is degraded and not red with %s', async (_title, storesHealth, degraded) => {
    await open({ deps: { storesHealth } });
    const response = await get('/__heartbeat__');
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ status: 'degraded', degraded, errors: [] });
    expect(text).not.toContain('secret');
  });

  it('is red when the spool cannot accept', async () => {
    await open();
    running.spool.room = 'full';
    const response = await get('/__heartbeat__');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      status: 'error',
      errors: [{ name: 'spool', msg: 'full' }],
    });
  });

  it('answers the load balancer with an empty body', async () => {
    await open();
    const response = await get('/__lbheartbeat__');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.text()).toBe('');
  });

  it('tells version and metrics', async () => {
    await open();
    await postForm(running, FORM);
    expect(await (await get('/__version__')).json()).toEqual({ version: '1.2.3' });
    const text = await (await get('/metrics')).text();
    expect(text).toMatch(/^auxilio_collector_outcomes_total\{outcome="accepted"\} [1-9]/m);
    expect(text).toMatch(/^auxilio_collector_throttle_rule_total\{rule="accept_everything"\} [1-9]/m);
  });

  it('breaks on purpose: reported, and no details answered', async () => {
    await open();
    const response = await get('/__broken__');
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('');
    expect(running.reported).toMatchObject([
      { service: 'collector', error: { name: 'BrokenOnPurposeError' } },
    ]);
  });
});

describe('HTTP', () => {
  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])('%s /submit is 405', async (method) => {
    await open();
    const response = await get('/submit', { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  it('unknown paths are 404, and mistakes of our own 500', async () => {
    await open({ deps: { clock: { now: () => new Date(Number.NaN) } } });
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/%zz')).status).toBe(400);
    expect(await postForm(running, FORM)).toMatchObject({ status: 500, text: '' });
    expect(running.reported).toHaveLength(1);
  });

  it('Expect: 100-continue is answered before the body is sent', async () => {
    await open();
    const body = await formBytes(FORM);
    const first = await raw(running.port, [head(body.length, 'Expect: 100-continue\r\n')], {
      until: /100 Continue/,
    });
    expect(first).toMatch(/^HTTP\/1.1 100 Continue\r\n/);
    await expect.poll(() => running.outcomes).toHaveLength(1);
  });

  it('one connection carries several uploads, also after a refused one', async () => {
    await open();
    const body = await formBytes(FORM);
    const bad = Buffer.from('garbage');
    const text = await raw(running.port, [
      head(body.length),
      body,
      head(bad.length),
      bad,
      head(body.length, 'Connection: close\r\n'),
      body,
    ]);
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400', 'HTTP/1.1 200']);
    expect(running.spool.reports.size).toBe(2);
  });

  it('header floods are refused', async () => {
    await open();
    const flood = Array.from({ length: 5000 }, (_, i) => `X-${i}: ${i}\r\n`).join('');
    expect(await raw(running.port, [head(10, flood)])).toMatch(/^HTTP\/1.1 431 /);
    expect(await raw(running.port, [head(10, `X: ${'x'.repeat(100_000)}\r\n`)])).toMatch(/^HTTP\/1.1 431 /);
    expect((await postForm(running, FORM)).text).toMatch(CRASH_ID);
  });

  it('what is no HTTP is refused', async () => {
    await open();
    expect(await raw(running.port, ['\x16\x03\x01 hello\r\n\r\n'])).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(running.port, [head(-1)])).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(running.port, [head(5, 'Transfer-Encoding: chunked\r\n')])).toMatch(/^HTTP\/1.1 400 /);
    expect((await postForm(running, FORM)).text).toMatch(CRASH_ID);
  });
});

describe('slow clients', () => {
  it.each([
    ['the whole time', { body_timeout: '200ms' }, 'body_time'],
    ['the longest silence', { idle_timeout: '200ms' }, 'idle_time'],
  ])('past %s lose their dump and keep their annotations', async (_title, settings, reason) => {
    await open({ settings });
    const body = await formBytes([field('a', '1'), dump('big', Buffer.alloc(100_000))]);
    const text = await raw(running.port, [head(body.length), body.subarray(0, 50_000)], {
      until: /CrashID=bp-.*\n/,
    });
    expect(text).toMatch(/^HTTP\/1.1 200 /);
    expect(running.spool.only()).toMatchObject({ raw: { annotations: { a: '1' } }, dumps: {} });
    expect(running.outcomes.map((o) => `${o.outcome} ${o.reason}`)).toEqual([`truncated ${reason}`]);
  });

  it('that have sent no annotation yet are refused', async () => {
    await open({ settings: { idle_timeout: '200ms' } });
    expect(await raw(running.port, [head(1000), '--'], { until: /Discarded=\w+/ })).toMatch(
      /malformed_no_annotations$/,
    );
  });

  it('that never finish their headers are cut off', async () => {
    await open({ settings: { header_timeout: '100ms' } });
    expect(await raw(running.port, ['POST /submit HTTP/1.1\r\nHost: x\r\nX-'])).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe('starting and stopping', () => {
  it('refuses an unknown protocol and a bad path, naming the setting', async () => {
    await open();
    await expect(start({ settings: { protocols: 'breakpat' } })).rejects.toThrow(
      'COLLECTOR_PROTOCOLS: breakpat is not a protocol; did you mean breakpad?',
    );
    await expect(start({ settings: { paths: 'submit' } })).rejects.toThrow(
      'COLLECTOR_PATHS: submit must start with /',
    );
    await expect(start({ settings: { paths: '/submit=xml' } })).rejects.toThrow(
      'COLLECTOR_PATHS: xml is no answer',
    );
  });

  it('lets an upload in hand finish, and takes no new one', async () => {
    await open({ settings: { close_timeout: '30s' } });
    const gate = Promise.withResolvers<void>();
    running.spool.gate = gate.promise;
    const body = await formBytes(FORM);
    const answer = raw(running.port, [head(body.length, 'Connection: close\r\n'), body]);
    await expect.poll(() => running.spool.open).toBe(1);
    const closing = running.collector.close();
    await expect
      .poll(() =>
        get('/__lbheartbeat__').then(
          (r) => r.status,
          () => 'refused',
        ),
      )
      .toBe('refused');
    gate.resolve();
    expect(await answer).toMatch(/CrashID=bp-/);
    await closing;
    expect(running.spool.reports.size).toBe(1);
  });

  it('cuts off an upload that takes too long to finish', async () => {
    await open({ settings: { close_timeout: '100ms' } });
    const body = await formBytes(FORM);
    const answer = raw(running.port, [head(body.length), body.subarray(0, 100)]);
    await expect.poll(() => running.spool.open).toBe(1);
    await running.collector.close();
    expect(await answer).toBe('');
    expect(running.outcomes.map((o) => o.reason)).toEqual(['client_gone']);
  });
});
