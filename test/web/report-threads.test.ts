import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import { crash, ID, order, stack } from './report-fixture.ts';
import { openSite, type SiteFixture } from './site-fixture.ts';

let site: SiteFixture;
beforeEach(async () => {
  site = await openSite();
});
afterEach(() => site.close());

describe('threads', () => {
  it('begin with the one that crashed, marked and open', async () => {
    await site.save(crash());
    const { body } = await site.browser().get(`/report/index/${ID}?tab=threads`);
    const [crashed = -1, main = -1, third = -1] = order(
      body,
      'id="thread-1" open',
      'id="thread-0"',
      'id="thread-2"',
    );
    expect(crashed).toBeGreaterThan(0);
    expect(main).toBeGreaterThan(crashed);
    expect(third).toBeGreaterThan(main);
    expect(body.match(/>crashed</g)).toHaveLength(1);
    expect(body).toContain('Worker');
    expect(body).toContain('third_top');
  });

  it('begin with the first for a shutdownhang', async () => {
    await site.save(crash({ signature: 'shutdownhang | foo' }));
    const { body } = await site.browser().get(`/report/index/${ID}`);
    expect(body).toContain('main_top');
    expect(body).not.toContain('crash_top');
  });

  it('say when nothing tells which one crashed', async () => {
    const { crashing_thread: _gone, ...rest } = crash({
      json_dump: { status: 'OK', threads: [stack(['only'])] },
    });
    await site.save(rest as ProcessedCrash);
    expect((await site.browser().get(`/report/index/${ID}`)).body).toContain(
      'Nothing in the dump says which thread crashed',
    );
  });

  it('have frames with inlines above their frame, trust, source, missing symbols and cuts', async () => {
    const frames = [
      {
        frame: 0,
        module: 'app',
        function: 'outer',
        file: 'git:github.com/a/b:src/x.c:abc',
        line: 7,
        trust: 'context' as const,
        inlines: [{ function: 'inner', file: 'in.h', line: 3 }],
      },
      { frame: 1, module: 'libz', module_offset: '0x1234', trust: 'scan' as const, missing_symbols: true },
      { frame: 2, truncated: { msg: '40 frames left out' } },
    ];
    await site.save(
      crash({ crashing_thread: 0, json_dump: { status: 'OK', threads: [{ frames, truncated: true }] } }),
    );
    const { body } = await site.browser().get(`/report/index/${ID}`);
    const [inner = -1, outer = -1] = order(body, '>inner<', '>outer<');
    expect(inner).toBeGreaterThan(0);
    expect(outer).toBeGreaterThan(inner);
    for (const text of [
      'in.h:3',
      'href="https://github.com/a/b/blob/abc/src/x.c#L7"',
      '>src/x.c:7<',
      '>context<',
      '>scan<',
      '0x1234',
      '>no symbols<',
      '40 frames left out',
      'frames are missing',
    ])
      expect(body, text).toContain(text);
  });

  it('are paged, long stacks are cut with a link to the whole', async () => {
    const long = stack(Array.from({ length: 500 }, (_, i) => `frame_${i}`));
    const threads = [long, ...Array.from({ length: 249 }, (_, i) => stack([`t${i}`]))];
    await site.save(crash({ crashing_thread: 0, json_dump: { status: 'OK', threads } }));
    const browser = site.browser();
    const first = (await browser.get(`/report/index/${ID}?tab=threads`)).body;
    expect(first.match(/<details class="thread"/g)).toHaveLength(100);
    expect(first).toContain('300 more frames');
    expect(first).toContain('1–100 of 250 threads');
    expect(
      (await browser.get(`/report/index/${ID}?tab=threads&page=3`)).body.match(/<details class="thread"/g),
    ).toHaveLength(50);
    const whole = (await browser.get(`/report/index/${ID}?tab=threads&thread=0`)).body;
    expect(whole).toContain('frame_499');
  });

  it('say why there is no stack', async () => {
    await site.save(crash({ json_dump: { status: 'ERROR_NO_MINIDUMP_HEADER' } }));
    expect((await site.browser().get(`/report/index/${ID}`)).body).toContain('ERROR_NO_MINIDUMP_HEADER');
  });
});
