/** `POST /submit` over a spool that is short of room, fails or closes: what is kept, and who hears of it. */
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { Log } from '../../src/lib/log.ts';
import { SpoolError } from '../../src/spool/contract.ts';
import { dump, field, formBytes } from '../build/multipart.ts';
import {
  CRASH_ID,
  close,
  contentType,
  FORM,
  type Options,
  postForm,
  type Running,
  start,
} from './harness.ts';

let running: Running;
const open = async (options?: Options): Promise<Running> => {
  running = await start(options);
  return running;
};
afterEach(() => close(running));

const reasons = (): string[] => running.outcomes.map((o) => `${o.outcome} ${o.reason}`);

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
