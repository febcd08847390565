import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { registry } from '../../src/lib/metrics.ts';
import type { ErrorEvent, ErrorReporter } from '../../src/notify/contract.ts';
import { createReporter } from '../../src/notify/create-reporter.ts';
import { openSentryReporter, type SentryReporterOptions } from '../../src/notify/sentry/sentry-reporter.ts';
import { type SentryServer, startSentry } from './sentry-server.ts';

class Remembering implements ErrorReporter {
  readonly events: ErrorEvent[] = [];
  report(event: ErrorEvent): void {
    this.events.push(event);
  }
  async close(): Promise<void> {}
}

const CRASH_ID = 'de1bb258-cbbf-4589-a673-34f800160918';

function reporterFor(
  server: { readonly dsn: string },
  options: Partial<SentryReporterOptions> = {},
): { readonly reporter: ErrorReporter; readonly local: Remembering } {
  const local = new Remembering();
  const reporter = openSentryReporter({
    dsn: server.dsn,
    environment: 'test',
    release: 'auxilio@1.2.3',
    log: silentLog,
    local,
    ...options,
  });
  return { reporter, local };
}

async function counted(outcome: string): Promise<number> {
  const line = (await registry.metrics())
    .split('\n')
    .find((text) => text.startsWith(`auxilio_notify_sentry_events{outcome="${outcome}"}`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !holds(); ) {
    expect(performance.now(), `waited in vain until ${what}`).toBeLessThan(end);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const eventIn = (server: SentryServer, index = 0): Record<string, unknown> =>
  (server.received[index]?.lines[2] ?? {}) as Record<string, unknown>;

describe('sentry reporter', () => {
  it('posts an envelope with type, code, frames and tags', async () => {
    const server = await startSentry();
    const { reporter, local } = reporterFor(server);
    const cause = Object.assign(new TypeError('inner'), { code: 'ECONNREFUSED' });
    const error = Object.assign(new Error('outer', { cause }), { code: 'unavailable' });
    reporter.report({ service: 'processor', error, tags: { crashId: CRASH_ID, rule: 'signature' } });
    await reporter.close();
    const [request] = server.received;
    expect(request?.method).toBe('POST');
    expect(request?.path).toBe('/base/api/42/envelope/');
    expect(request?.headers['content-type']).toBe('application/x-sentry-envelope');
    expect(request?.headers['x-sentry-auth']).toMatch(/^Sentry sentry_version=7, .*sentry_key=abc123$/);
    const [head, item] = request?.lines ?? [];
    const event = eventIn(server);
    expect(head?.['event_id']).toBe(event['event_id']);
    expect(event['event_id']).toMatch(/^[0-9a-f]{32}$/);
    expect(item).toMatchObject({ type: 'event' });
    expect(item?.['length']).toBe(Buffer.byteLength(JSON.stringify(event)));
    expect(event).toMatchObject({
      platform: 'node',
      level: 'error',
      environment: 'test',
      release: 'auxilio@1.2.3',
      tags: { service: 'processor', crashId: CRASH_ID, rule: 'signature' },
    });
    const { values } = event['exception'] as {
      readonly values: readonly Readonly<Record<string, unknown>>[];
    };
    expect(values.map((value) => [value['type'], value['value']])).toEqual([
      ['TypeError', 'ECONNREFUSED'],
      ['Error', 'unavailable'],
    ]);
    const { frames } = (values[1]?.['stacktrace'] ?? { frames: [] }) as {
      readonly frames: readonly Readonly<Record<string, unknown>>[];
    };
    expect(frames.at(-1)).toMatchObject({
      filename: expect.stringMatching(/test\/notify\/sentry-reporter\.test\.ts$/),
      lineno: expect.any(Number),
      in_app: true,
    });
    expect(local.events.length).toBe(1);
  });

  it('sends no message, because messages quote what clients sent', async () => {
    const server = await startSentry();
    const { reporter } = reporterFor(server);
    const errors = [
      new SyntaxError('Unexpected token in "Password=hunter2"'),
      new Error('two lines\n    at hunter2 (/home/hunter2/x.js:1:1)'),
      Object.assign(new Error('x'), { code: 'said hunter2 to me', name: 'hunter2 was here' }),
      'hunter2',
      { password: 'hunter2' },
      new Error('outer', { cause: 'hunter2' }),
      new AggregateError([new Error('hunter2')], 'hunter2'),
      undefined,
    ];
    for (const error of errors) reporter.report({ service: 'collector', error });
    await reporter.close();
    expect(server.received.length).toBe(errors.length);
    for (const { text } of server.received) expect(text).not.toContain('hunter2');
  });

  it('takes anything that may be thrown', async () => {
    const server = await startSentry();
    const { reporter } = reporterFor(server);
    const circular = new Error('x');
    circular.cause = circular;
    const hostile = new Error('x');
    Object.defineProperty(hostile, 'stack', {
      get: () => {
        throw new Error('no');
      },
    });
    const failed = await counted('failed');
    for (const error of [circular, hostile, null, Symbol('x'), Object.create(null)])
      reporter.report({ service: 'web', error });
    await reporter.close();
    expect(server.received.length).toBe(4);
    expect(await counted('failed')).toBe(failed + 1);
  });

  it('drops and counts what does not fit, and never makes the caller wait', async () => {
    const server = await startSentry();
    const gate = Promise.withResolvers<void>();
    server.answer = (response) => void gate.promise.then(() => response.end());
    const { reporter, local } = reporterFor(server, { maxWaiting: 3 });
    const before = [await counted('dropped_full'), await counted('sent')] as const;
    for (let i = 0; i < 10; i += 1) reporter.report({ service: 'web', error: new Error('storm') });
    gate.resolve();
    await reporter.close();
    // One was on its way already and three waited.
    expect((await counted('dropped_full')) - before[0]).toBe(6);
    expect((await counted('sent')) - before[1]).toBe(4);
    expect(local.events.length).toBe(10);
  });

  it.each([
    ['429 with Retry-After', 429, { 'retry-after': '120' }, 120],
    ['429 without', 429, {}, 60],
    ['503 with Retry-After', 503, { 'retry-after': '5' }, 5],
    ['429 with a date', 429, { 'retry-after': new Date(1_000_000 + 30_000).toUTCString() }, 30],
    [
      'a limit for errors on a 200',
      200,
      { 'x-sentry-rate-limits': '70:error;default:key, 9:transaction:key' },
      70,
    ],
    ['a limit for everything', 200, { 'x-sentry-rate-limits': '45::organization' }, 45],
    ['a limit for others', 200, { 'x-sentry-rate-limits': '900:transaction:key' }, 0],
    ['an absurd one', 429, { 'retry-after': '99999999' }, 3_600],
    ['a plain failure', 500, {}, 0],
  ])('after %s it is silent as long as asked', async (_title, status, headers, seconds) => {
    const server = await startSentry();
    server.answer = (response) => void response.writeHead(status, headers).end();
    let now = 1_000_000;
    const { reporter } = reporterFor(server, { clock: { now: () => new Date(now) } });
    const report = (): void => reporter.report({ service: 'web', error: new Error('x') });
    const settled = async (): Promise<number> => (await counted('sent')) + (await counted('refused'));
    const before = await settled();
    report();
    await until('it was answered', () => server.received.length === 1);
    while ((await settled()) === before) await new Promise(setImmediate);
    server.answer = (response) => void response.end();
    const limited = await counted('dropped_limited');
    now += seconds * 1000 - 1;
    if (seconds > 0) report();
    expect((await counted('dropped_limited')) - limited).toBe(seconds > 0 ? 1 : 0);
    now += 1;
    report();
    await reporter.close();
    expect(server.received.length).toBe(2);
  });

  it('logs and counts a server that is not there, and goes on', async () => {
    const server = await startSentry();
    server.answer = (response) => void response.destroy();
    const { reporter } = reporterFor(server);
    const failed = await counted('failed');
    reporter.report({ service: 'web', error: new Error('x') });
    await until('it was asked', () => server.received.length === 1);
    server.answer = (response) => void response.end();
    reporter.report({ service: 'web', error: new Error('x') });
    await reporter.close();
    expect(server.received.length).toBe(2);
    expect(await counted('failed')).toBe(failed + 1);
  });

  it('waits for no server for longer than its limit, and closing not either', async () => {
    const server = await startSentry();
    server.answer = () => undefined;
    const { reporter } = reporterFor(server, { requestMs: 20, closeMs: 10_000 });
    reporter.report({ service: 'web', error: new Error('x') });
    await reporter.close();
    const slow = reporterFor(server, { requestMs: 60_000, closeMs: 20 });
    const dropped = await counted('dropped_closed');
    for (let i = 0; i < 3; i += 1) slow.reporter.report({ service: 'web', error: new Error('x') });
    await slow.reporter.close();
    expect((await counted('dropped_closed')) - dropped).toBe(2);
    slow.reporter.report({ service: 'web', error: new Error('after closing') });
    expect(slow.local.events.length).toBe(4);
    await slow.reporter.close();
  });
});

describe('createReporter', () => {
  it('only logs without a DSN', async () => {
    const lines: unknown[] = [];
    const log = {
      ...silentLog,
      error: (...line: unknown[]) => lines.push(line),
    } as unknown as typeof silentLog;
    const reporter = await createReporter({ dsn: '', log });
    const error = new Error('x');
    reporter.report({ service: 'web', error, tags: { route: '/' } });
    await reporter.close();
    expect(lines).toEqual([[{ service: 'web', route: '/', err: error }, 'unhandled error']]);
  });

  it('reports with one', async () => {
    const server = await startSentry();
    const reporter = await createReporter({ dsn: server.dsn, environment: 'staging', log: silentLog });
    reporter.report({ service: 'web', error: new Error('x') });
    await reporter.close();
    expect(eventIn(server)['environment']).toBe('staging');
  });

  it.each(['nonsense', 'https://host/42', 'https://key@host/', 'ftp://hunter2@host/1'])(
    'refuses %s and does not show it',
    async (dsn) => {
      await expect(createReporter({ dsn, log: silentLog })).rejects.toMatchObject({
        name: 'SettingsError',
        message: 'SENTRY_DSN must be like https://KEY@HOST/PROJECT',
      });
    },
  );
});
