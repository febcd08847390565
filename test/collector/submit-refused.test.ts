/** `POST /submit`: what is refused, turned away or cut short, and what the client hears. */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { Log } from '../../src/lib/log.ts';
import { createCrashId } from '../../src/model/crash-id.ts';
import { SpoolError } from '../../src/spool/contract.ts';
import { dump, field, formBytes } from '../build/multipart.ts';
import {
  CRASH_ID,
  contentType,
  NOW,
  type Options,
  post,
  postForm,
  type Running,
  raw,
  start,
} from './harness.ts';

let running: Running;
const open = async (options?: Options): Promise<Running> => {
  running = await start(options);
  return running;
};
afterEach(async () => {
  await running.collector.close();
  expect(running.spool.open).toBe(0);
});

const FORM = [field('ProductName', 'Fenix'), field('Version', '1.0'), dump('upload_file_minidump', 'MDMP')];
const reasons = (): string[] => running.outcomes.map((o) => `${o.outcome} ${o.reason}`);

describe('a malformed upload', () => {
  const refused = async (reason: string, body: Buffer, headers: Record<string, string>, status = 400) => {
    await open();
    const answer = await post(running, body, headers);
    expect(answer.text).toBe(`Discarded=malformed_${reason}`);
    expect(answer.status).toBe(status);
    expect(reasons()).toEqual([`rejected malformed_${reason}`]);
    expect(running.spool.reports.size).toBe(0);
    return answer;
  };
  const form = (...parts: Parameters<typeof formBytes>[0]) => formBytes(parts);

  it('wrong_content_type', () =>
    refused('wrong_content_type', Buffer.from('{}'), { 'content-type': 'application/json' }));
  it('no_boundary', () =>
    refused('no_boundary', Buffer.from('x'), { 'content-type': 'multipart/form-data' }));
  it('no_boundary, empty', () =>
    refused('no_boundary', Buffer.from('x'), { 'content-type': 'multipart/form-data; boundary=' }));
  it('no_content_length', () => refused('no_content_length', Buffer.alloc(0), {}));
  it('bad_gzip', () => refused('bad_gzip', Buffer.from('no gzip'), { 'content-encoding': 'gzip' }));
  it('bad_gzip, cut short', async () =>
    refused('bad_gzip', gzipSync(await form(...FORM)).subarray(0, -12), { 'content-encoding': 'gzip' }));
  it('bad_zstd', () => refused('bad_zstd', Buffer.from('no zstd at all'), { 'content-encoding': 'zstd' }));
  it('bad_deflate', () => refused('bad_deflate', Buffer.from('no'), { 'content-encoding': 'deflate' }));
  it('unsupported_encoding', async () => {
    const answer = await refused('unsupported_encoding', Buffer.from('x'), { 'content-encoding': 'br' }, 415);
    expect(answer.headers.get('accept-encoding')).toBe('gzip, deflate, zstd');
  });
  it('unsupported_encoding, two at once', () =>
    refused('unsupported_encoding', Buffer.from('x'), { 'content-encoding': 'gzip, gzip' }, 415));
  it('invalid_json', async () =>
    refused('invalid_json', await form(field('extra', '{', 'application/json')), {}));
  it('invalid_json, no UTF-8', async () =>
    refused(
      'invalid_json',
      await form(field('extra', Buffer.from('{"a":"\xff"}', 'latin1'), 'application/json')),
      {},
    ));
  it('invalid_json_value', async () =>
    refused('invalid_json_value', await form(field('extra', '["a"]', 'application/json')), {}));
  it('invalid_json_value, null', async () =>
    refused('invalid_json_value', await form(field('extra', 'null', 'application/json')), {}));
  it.each(['dump_names', 'raw_crash', '../processed_crash'])('invalid_dump_name %s', async (name) =>
    refused('invalid_dump_name', await form(field('a', '1'), dump(name, 'x')), {}).then(() => undefined),
  );
  it('invalid_payload_structure', () => refused('invalid_payload_structure', Buffer.from('garbage'), {}));
  it('invalid_payload_structure, cut short', async () =>
    refused('invalid_payload_structure', (await form(...FORM)).subarray(0, -5), {}));
  it('no_annotations', async () =>
    refused('no_annotations', await form(dump('upload_file_minidump', 'x')), {}));

  it('no_content_type', async () => {
    await open();
    const text = await raw(running.port, [
      'POST /submit HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx',
    ]);
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(text.split('\r\n\r\n')[1]).toBe('Discarded=malformed_no_content_type');
  });

  it('is refused after the whole body was read, so that the client hears it', async () => {
    await open();
    const body = Buffer.concat([Buffer.from('garbage\r\n'), await form(dump('x', Buffer.alloc(8_000_000)))]);
    expect((await post(running, body, { 'content-type': 'text/x' })).text).toBe(
      'Discarded=malformed_wrong_content_type',
    );
    expect(
      (await post(running, gzipSync(body).fill(0xff, 20, 60), { 'content-encoding': 'gzip' })).text,
    ).toBe('Discarded=malformed_bad_gzip');
  });
});

describe('throttling', () => {
  const rule = (result: unknown) => [{ name: 'a_rule', when: { always: true }, result }];

  it('a rejected upload hears its rule and is not kept', async () => {
    await open({ rules: rule('reject') });
    const answer = await postForm(running, FORM);
    expect(answer).toMatchObject({ status: 200, text: 'Discarded=rule_a_rule' });
    expect(running.spool.reports.size).toBe(0);
    expect(reasons()).toEqual(['rejected a_rule']);
  });

  it('an upload that no rule matches is rejected', async () => {
    await open({ rules: [] });
    expect((await postForm(running, FORM)).text).toBe('Discarded=rule_NO_MATCH');
  });

  it('a discarded upload hears that it need not come back', async () => {
    await open({ rules: rule('discard') });
    expect((await postForm(running, FORM)).text).toBe('Discarded=1');
    expect(reasons()).toEqual(['discarded a_rule']);
  });

  it('a fake-accepted upload hears an id with the digit 3 and is not kept', async () => {
    await open({ rules: rule('fake-accept') });
    expect(CRASH_ID.exec((await postForm(running, FORM)).text)?.[2]).toBe('3');
    expect(running.spool.reports.size).toBe(0);
    expect(reasons()).toEqual(['discarded a_rule']);
  });

  it('a deferred upload is kept with the digit 1', async () => {
    await open({ rules: rule('defer') });
    expect(CRASH_ID.exec((await postForm(running, FORM)).text)?.[2]).toBe('1');
    expect(running.spool.only().raw.metadata.outcome).toBe('deferred');
    expect(reasons()).toEqual(['deferred a_rule']);
  });

  it('samples', async () => {
    let random = 0.09;
    await open({ rules: rule({ percent: 10, in: 'accept', out: 'reject' }), deps: { random: () => random } });
    expect((await postForm(running, FORM)).text).toMatch(CRASH_ID);
    random = 0.11;
    expect((await postForm(running, FORM)).text).toBe('Discarded=rule_a_rule');
  });
});

describe('an id that the client names', () => {
  const token = { settings: { resubmit_token: 's3cret' } };
  const id = createCrashId(new Date('2026-01-02T00:00:00Z'));
  const authorized = { authorization: 'Bearer s3cret' };

  it.each([
    ['without a token', token, {}],
    ['with a wrong token', token, { authorization: 'Bearer s3cre' }],
    ['with another scheme', token, { authorization: 'Basic s3cret' }],
    ['when no token is set', {}, { authorization: 'Bearer ' }],
  ])('is refused %s', async (_title, options, headers) => {
    await open(options);
    const answer = await postForm(running, [...FORM, field('uuid', id)], headers as Record<string, string>);
    expect(answer).toMatchObject({ status: 401, text: 'Discarded=unauthorized_uuid' });
    expect(reasons()).toEqual(['rejected unauthorized_uuid']);
  });

  it('is refused before the throttle result is told', async () => {
    await open({ ...token, rules: [{ name: 'no', when: { always: true }, result: 'reject' }] });
    expect((await postForm(running, [...FORM, field('uuid', id)])).status).toBe(401);
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['upper case', id.toUpperCase()],
    ['a digit that is never stored', createCrashId(NOW, 2)],
    ['a trailing line end', `${id}\n`],
  ])('must be valid: %s', async (_title, uuid) => {
    await open(token);
    const answer = await postForm(running, [...FORM, field('uuid', uuid)], authorized);
    expect(answer).toMatchObject({ status: 400, text: 'Discarded=malformed_invalid_uuid' });
    expect(reasons()).toEqual(['rejected malformed_invalid_uuid']);
  });

  it('is used, and answered again without storing it twice', async () => {
    await open(token);
    const send = () => postForm(running, [...FORM, field('uuid', id)], authorized);
    expect((await send()).text).toBe(`CrashID=bp-${id}\n`);
    expect(running.spool.only().raw.id).toBe(id);
    running.spool.commitErrors = [new Error('must not be called')];
    expect((await send()).text).toBe(`CrashID=bp-${id}\n`);
    expect(reasons()).toEqual(['accepted accept_everything', 'accepted already_stored']);
  });

  it('is stored when nobody can tell whether it is', async () => {
    await open({ ...token, deps: { alreadyStored: async () => Promise.reject(new Error('down')) } });
    expect((await postForm(running, [...FORM, field('uuid', id)], authorized)).text).toBe(
      `CrashID=bp-${id}\n`,
    );
    expect(running.spool.only().raw.id).toBe(id);
  });
});

describe('a spool that is short of room', () => {
  it('costs dumps below the reserve', async () => {
    await open();
    running.spool.room = 'annotations_only';
    expect((await postForm(running, FORM)).text).toMatch(CRASH_ID);
    const { raw: kept, dumps } = running.spool.only();
    expect(dumps).toEqual({});
    expect(kept.metadata.outcome).toBe('truncated');
    expect(kept.metadata.notes).toEqual(['limit disk_reserve was hit: part of the upload was dropped']);
    expect(reasons()).toEqual(['truncated disk_reserve']);
  });

  it('costs a dump that fills the disk', async () => {
    await open();
    running.spool.fullAfter = 100_000;
    await postForm(running, [...FORM, dump('big', Buffer.alloc(1_000_000)), field('late', '1')]);
    const { raw: kept, dumps } = running.spool.only();
    expect(Object.keys(dumps)).toEqual(['upload_file_minidump']);
    expect(kept.annotations['late']).toBe('1');
    expect(reasons()).toEqual(['truncated disk_full']);
  });

  it('costs all dumps when the commit finds no room for them', async () => {
    await open();
    running.spool.commitErrors = [new SpoolError('full', 'no space')];
    expect((await postForm(running, FORM)).text).toMatch(CRASH_ID);
    expect(running.spool.only()).toMatchObject({ dumps: {}, raw: { metadata: { outcome: 'truncated' } } });
    expect(reasons()).toEqual(['truncated disk_full']);
  });

  it.each([
    ['full', 0],
    ['internal', 1],
  ] as const)('answers 503 and no id when nothing fits (%s)', async (code, reports) => {
    await open({ settings: { retry_after: '90s' } });
    running.spool.commitErrors = [new SpoolError(code, 'x'), new SpoolError(code, 'x')];
    const answer = await postForm(running, FORM);
    expect(answer).toMatchObject({ status: 503, text: '' });
    expect(answer.headers.get('retry-after')).toBe('90');
    expect(reasons()).toEqual([`rejected spool_${code}`]);
    expect(running.reported).toHaveLength(reports);
  });

  it('answers 503 when it is closed, and says so', async () => {
    const { log, errors } = loggedErrors();
    await open({ deps: { log } });
    running.spool.closed = true;
    expect((await postForm(running, FORM)).status).toBe(503);
    expect(reasons()).toEqual(['rejected spool_closed']);
    expect(errors()).toEqual([['closed', 'the spool did not take an upload']]);
    expect(running.reported).toHaveLength(1);
  });

  it.each(['closed', 'internal'] as const)(
    'logs, counts and reports what fails while a dump comes in (%s)',
    async (code) => {
      const { log, errors } = loggedErrors();
      await open({ deps: { log } });
      const error = new SpoolError(code, 'x');
      running.spool.writeError = error;
      const before = await unsaved(code);
      expect((await postForm(running, FORM)).status).toBe(503);
      expect(reasons()).toEqual([`rejected spool_${code}`]);
      expect(errors()).toEqual([[code, 'the spool did not take an upload']]);
      expect(await unsaved(code)).toBe(before + 1);
      expect(running.reported).toEqual([{ service: 'collector', error }]);
    },
  );

  it('that closes with the collector is no bug: logged and not reported', async () => {
    const { log, errors } = loggedErrors();
    await open({ deps: { log } });
    running.spool.writeError = new SpoolError('closed', 'x');
    const body = await formBytes(FORM);
    const half = Math.floor(body.length / 2);
    const head = `POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`;
    const socket = connect(running.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(Buffer.concat([Buffer.from(head), body.subarray(0, half)]));
    await expect.poll(() => running.spool.open).toBe(1);
    const closed = running.collector.close();
    socket.end(body.subarray(half));
    await closed;
    expect(errors()).toEqual([['closed', 'the spool did not take an upload']]);
    expect(running.reported).toEqual([]);
  });
});

/** A log that keeps its errors: code and message of each. */
function loggedErrors(): { readonly log: Log; errors(): unknown[] } {
  const written: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void written.push(line) });
  return {
    log,
    errors: () =>
      written.map((line) => {
        const { code, msg } = JSON.parse(line) as { code?: string; msg: string };
        return [code, msg];
      }),
  };
}

async function unsaved(code: string): Promise<number> {
  const text = await (await fetch(`${running.url}/metrics`)).text();
  const line = text.split('\n').find((l) => l.includes(`collector_unsaved_total{code="${code}"}`));
  return Number(line?.split(' ')[1] ?? 0);
}
