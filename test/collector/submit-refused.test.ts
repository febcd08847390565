/** `POST /submit`: what is refused or turned away, and what the client hears. */
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import { dump, field, formBytes } from '../build/multipart.ts';
import {
  CRASH_ID,
  close,
  FORM,
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
afterEach(() => close(running));

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
