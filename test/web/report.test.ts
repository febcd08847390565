import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { crash, ID } from './report-fixture.ts';
import { dumpOf, idOf, openSite, rawOf, type SiteFixture } from './site-fixture.ts';

let site: SiteFixture;
beforeEach(async () => {
  site = await openSite();
});
afterEach(() => site.close());

describe('address of a report', () => {
  it.each([
    'x',
    'bp-x',
    `${ID}x`,
    idOf(0xabc).toUpperCase(),
    `${ID.slice(0, -6)}261399`,
    `bp-bp-${ID}`,
    `${ID.slice(0, -6)}abcdef`,
    '%00',
    '..%2f..%2fetc',
  ])('with the invalid id %s is answered 400', async (id) => {
    const answer = await site.browser().get(`/report/index/${id}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('Invalid crash ID');
  });

  it('with bp- leads to the bare one, the tab kept', async () => {
    const answer = await site.browser().get(`/report/index/bp-${ID}?tab=modules`);
    expect([answer.status, answer.headers['location']]).toEqual([302, `/report/index/${ID}?tab=modules`]);
  });

  it('of an unknown crash is answered 404, and nothing is queued', async () => {
    const answer = await site.browser().get(`/report/index/${ID}`);
    expect(answer.status).toBe(404);
    expect(answer.body).toContain('Crash not found');
    expect(site.queue.published).toEqual([]);
  });

  it('with an unknown tab is answered 404', async () => {
    await site.save(crash());
    expect((await site.browser().get(`/report/index/${ID}?tab=constructor`)).status).toBe(404);
  });
});

describe('a crash that is not processed yet', () => {
  it('is pending, reloads itself, and goes to the priority lane once in 60 s', async () => {
    await site.store.saveReport({ raw: rawOf(ID), dumps: [] });
    const browser = site.browser();
    const first = await browser.get(`/report/index/${ID}`);
    expect(first.status).toBe(200);
    expect(first.body).toContain('<meta http-equiv="refresh" content="1">');
    for (const pass of [0, 1000, 58_999]) {
      site.pass(pass);
      await browser.get(`/report/index/${ID}`);
    }
    expect(site.queue.published).toEqual([{ task: { crashId: ID }, lane: 'priority' }]);
    site.pass(1);
    await browser.get(`/report/index/${ID}`);
    expect(site.queue.published).toHaveLength(2);
  });

  it('is asked for by id: another one does not wait for it', async () => {
    for (const id of [ID, idOf(2)]) {
      await site.store.saveReport({ raw: rawOf(id), dumps: [] });
      await site.browser().get(`/report/index/${id}`);
    }
    expect(site.queue.published.map((one) => one.task.crashId)).toEqual([ID, idOf(2)]);
  });

  it('says so when it was deferred', async () => {
    const raw = rawOf(ID);
    await site.store.saveReport({
      raw: { ...raw, metadata: { ...raw.metadata, outcome: 'deferred' } },
      dumps: [],
    });
    expect((await site.browser().get(`/report/index/${ID}`)).body).toContain('stored it without processing');
    expect(site.queue.published).toHaveLength(1);
  });

  it('may still lie in the spool: pending, and not queued', async () => {
    const spooled = await openSite({ inSpool: async (id) => id === ID });
    try {
      const answer = await spooled.browser().get(`/report/index/${ID}`);
      expect(answer.status).toBe(200);
      expect(answer.body).toContain('http-equiv="refresh"');
      expect(spooled.queue.published).toEqual([]);
      expect((await spooled.browser().get(`/report/index/${idOf(2)}`)).status).toBe(404);
    } finally {
      await spooled.close();
    }
  });

  it('says that the queue is down, and is queued as soon as it is back', async () => {
    await site.store.saveReport({ raw: rawOf(ID), dumps: [] });
    site.queue.down = true;
    const answer = await site.browser().get(`/report/index/${ID}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('The queue does not take tasks now [unavailable]');
    expect(answer.body).not.toContain('secret-host');
    site.queue.down = false;
    await site.browser().get(`/report/index/${ID}`);
    expect(site.queue.published).toHaveLength(1);
  });

  it('says that processing failed, with the reason for the owner only, and is not tried again', async () => {
    await site.store.saveReport({ raw: rawOf(ID), dumps: [] });
    site.queue.dead.push({
      task: { crashId: ID },
      lane: 'standard',
      attempts: 5,
      reason: 'exit 139',
      diedAt: '2026-11-21T11:59:30Z',
    });
    const [owner, stranger] = [await site.owner(), site.browser()];
    const seen = (await owner.get(`/report/index/${ID}`)).body;
    expect(seen).toContain('gave up after 5 attempts');
    expect(seen).toContain('exit 139');
    expect(seen).not.toContain('http-equiv="refresh"');
    expect((await stranger.get(`/report/index/${ID}`)).body).not.toContain('exit 139');
    expect(site.queue.published).toEqual([]);
  });

  it('becomes the report when it is processed', async () => {
    await site.store.saveReport({ raw: rawOf(ID), dumps: [] });
    const browser = site.browser();
    expect((await browser.get(`/report/index/${ID}`)).body).toContain('Being processed');
    await site.store.saveProcessed(rawOf(ID), crash());
    const { body } = await browser.get(`/report/index/${ID}`);
    expect(body).toContain('foo | bar');
    expect(body).not.toContain('http-equiv="refresh"');
  });
});

describe('other parts', () => {
  it('warn of an incomplete crash and name the rules', async () => {
    await site.save(crash({ complete: false, failed_rules: [{ rule: 'java-stack', reason: 'timeout' }] }));
    const { body } = await site.browser().get(`/report/index/${ID}`);
    expect(body).toMatch(/Incomplete[\s\S]*java-stack[\s\S]*timeout/);
  });

  it('explain the signature frame by frame with list and line', async () => {
    await site.save(
      crash({
        signature_trace: {
          lists: 'abcdef0123456789',
          generator: '7',
          tool: 'c',
          frames: [
            {
              frame: 'raise',
              index: 0,
              verdict: 'irrelevant',
              by: { list: 'irrelevant_signature_re.txt', line: 12 },
            },
            { frame: 'foo', index: 1, verdict: 'kept', by: { list: 'prefix_signature_re.txt', line: 3 } },
            {
              frame: 'bar.dll@0x12',
              index: 2,
              verdict: 'stopped',
              trimmed: { list: 'trim_dll_signature_re.txt', line: 7, to: 'bar.dll' },
            },
            { frame: 'main', index: 3, verdict: 'not_reached' },
          ],
          steps: [{ rule: 'oom', from: 'foo', to: 'OOM | foo' }],
        },
      }),
    );
    const { body } = await site.browser().get(`/report/index/${ID}?tab=signature`);
    for (const text of [
      'irrelevant_signature_re.txt:12',
      'prefix_signature_re.txt:3',
      'kept, last',
      '<bdi>bar.dll</bdi> by',
      'trim_dll_signature_re.txt:7',
      '1 more frame was not reached',
      'OOM | foo',
      'abcdef012345',
    ])
      expect(body, text).toContain(text);
  });

  it.each([
    undefined,
    'text',
    { frames: 1, steps: [] },
    { frames: [1], steps: [] },
    { frames: [], steps: [null] },
  ])('do without a trace that is none: %j', async (trace) => {
    await site.save(crash({ signature_trace: trace as Record<string, unknown> }));
    expect((await site.browser().get(`/report/index/${ID}?tab=signature`)).body).toContain(
      'was not recorded',
    );
  });

  it('list modules with ids and symbols', async () => {
    const modules = [
      {
        filename: 'app',
        debug_file: 'app.pdb',
        debug_id: 'AB1',
        code_id: 'cd2',
        version: '1.2',
        loaded_symbols: true,
      },
      { filename: 'libz', missing_symbols: true },
      { filename: 'liby', corrupt_symbols: true },
      { filename: 'libx', debug_file: 'libx', version: '0.0.0.0' },
    ];
    await site.save(
      crash({
        json_dump: { status: 'OK', main_module: 0, modules, unloaded_modules: [{ filename: 'gone.dll' }] },
      }),
    );
    const { body } = await site.browser().get(`/report/index/${ID}?tab=modules`);
    for (const text of [
      'app.pdb',
      'AB1',
      'cd2',
      '1.2',
      '>main<',
      '>loaded<',
      '>missing<',
      '>corrupt<',
      'not needed',
      'gone.dll',
    ])
      expect(body, text).toContain(text);
    expect(body, 'a version that the walker made up').not.toContain('0.0.0.0');
    expect(body.match(/<bdi>libx<\/bdi>/g), 'the debug file is named where it differs').toHaveLength(1);
  });

  it('show the notes of processor and collector', async () => {
    const raw = rawOf(ID);
    await site.save(crash({ processor_notes: 'note one\nnote two' }), {
      ...raw,
      metadata: { ...raw.metadata, notes: ['a dump was dropped'] },
    });
    const { body } = await site.browser().get(`/report/index/${ID}?tab=notes`);
    for (const text of ['note one', 'note two', 'a dump was dropped']) expect(body).toContain(text);
  });

  it('list dumps with size and digest for the owner', async () => {
    await site.save(crash(), rawOf(ID), [
      dumpOf('upload_file_minidump', Buffer.alloc(2048)),
      dumpOf('log', Buffer.from('x')),
    ]);
    const { body } = await (await site.owner()).get(`/report/index/${ID}?tab=raw`);
    expect(body).toContain('2.0 KiB');
    expect(body).toContain('2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881');
    expect(body).toContain(`/report/dump/${ID}?name&#61;upload_file_minidump`);
  });

  it('outlive the raw crash', async () => {
    await site.store.saveProcessed(rawOf(ID), crash());
    const { status, body } = await site.browser().get(`/report/index/${ID}?tab=annotations`);
    expect(status).toBe(200);
    expect(body).toContain('has been removed');
  });
});
