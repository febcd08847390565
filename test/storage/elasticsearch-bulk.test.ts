/** Callers share bulk requests, and each waits for his own item. The server is a function here; real ones: the other files. */
import { describe, expect, it, vi } from 'vitest';
import { OK, settle, writerWith } from './elasticsearch-bulk-requests.ts';

describe('batches', () => {
  it('the first item goes at once; what comes meanwhile shares the next request', async () => {
    vi.useFakeTimers();
    const { writer, sent } = writerWith();
    const first = writer.write(['a']);
    expect(sent.map((s) => s.lines)).toEqual([['a']]);
    const rest = ['b', 'c', 'd'].map((line) => writer.write([line]));
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent.length).toBe(1);
    sent[0]?.answer();
    expect(await first).toEqual(OK);
    await settle();
    expect(sent[1]?.lines).toEqual(['b', 'c', 'd']);
    sent[1]?.answer();
    await Promise.all(rest);
  });

  it('bounded in time: with a free request nobody waits longer than told', async () => {
    vi.useFakeTimers();
    const { writer, sent } = writerWith({ requests: 2, waitMs: 20 });
    const writes = [writer.write(['a']), writer.write(['b'])];
    await vi.advanceTimersByTimeAsync(10);
    writes.push(writer.write(['c']));
    await vi.advanceTimersByTimeAsync(9);
    expect(sent.length).toBe(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(sent[1]?.lines).toEqual(['b', 'c']);
    for (const s of sent) s.answer();
    await Promise.all(writes);
  });

  it('bounded in count and in bytes, in order; one that is larger than a request goes alone', async () => {
    const { writer, sent } = writerWith({ items: 3, bytes: 100 });
    const lines = ['1', '2', '3', '4', '5', 'x'.repeat(60), 'y'.repeat(60), 'z'.repeat(500), '6'];
    const writes = lines.map((line) => writer.write([line]));
    for (let i = 0; i < sent.length; i += 1) {
      sent[i]?.answer();
      await new Promise(setImmediate);
    }
    await Promise.all(writes);
    expect(sent.map((s) => s.lines.map((l) => l[0]).join(''))).toEqual(['1', '234', '5x', 'y', 'z', '6']);
  });

  it('never more requests at once than allowed', async () => {
    const { writer, sent } = writerWith({ items: 1, requests: 3 });
    const writes = Array.from({ length: 20 }, (_, i) => writer.write([String(i)]));
    expect(sent.length).toBe(3);
    for (let i = 0; i < 20; i += 1) {
      sent[i]?.answer();
      await new Promise(setImmediate);
      expect(sent.length).toBe(Math.min(20, i + 4));
    }
    await Promise.all(writes);
  });

  it('each caller hears of his own item; a bad one does not fail its neighbours', async () => {
    const { writer, sent } = writerWith();
    const first = writer.write(['a']);
    const [good, bad, other] = ['b', 'c', 'd'].map((line) => writer.write([line]));
    sent[0]?.answer();
    await first;
    await settle();
    const refused = { status: 400, error: { type: 'document_parsing_exception', reason: 'no' } };
    sent[1]?.answer([OK, refused, { status: 200, result: 'updated' }]);
    expect(await good).toEqual(OK);
    expect(await bad).toEqual(refused);
    expect(await other).toEqual({ status: 200, result: 'updated' });
  });

  it('a request that failed fails all that were in it, and nobody else', async () => {
    const { writer, sent } = writerWith();
    const writes = [writer.write(['a']), writer.write(['b'])];
    const failed = expect(writes[0]).rejects.toThrow('connection lost');
    sent[0]?.fail(new Error('connection lost'));
    await failed;
    await settle();
    sent[1]?.answer();
    expect(await writes[1]).toEqual(OK);
  });

  it("an answer with fewer items than were sent is nobody's success", async () => {
    const { writer, sent } = writerWith();
    const write = expect(writer.write(['a'])).rejects.toMatchObject({ code: 'internal' });
    sent[0]?.answer([]);
    await write;
  });
});

describe('abort', () => {
  it('before and while waiting: not sent; the others are', async () => {
    const { writer, sent } = writerWith();
    await expect(writer.write(['x'], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
    const first = writer.write(['a']);
    const stop = new AbortController();
    const gone = expect(writer.write(['b'], { signal: stop.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    const stays = writer.write(['c']);
    stop.abort();
    await gone;
    sent[0]?.answer();
    await first;
    await settle();
    expect(sent[1]?.lines).toEqual(['c']);
    sent[1]?.answer();
    expect(await stays).toEqual(OK);
  });

  it('under way: he goes, the others stay; when all have gone the request is given up', async () => {
    const { writer, sent } = writerWith({ waitMs: 0, requests: 2 });
    const first = writer.write(['a']);
    const [one, two] = [new AbortController(), new AbortController()];
    const aborted = { code: 'aborted' };
    const writes = [one, two].map((stop, i) => writer.write([`b${i}`], { signal: stop.signal }));
    sent[0]?.answer();
    await first;
    await settle();
    const [goneFirst, goneSecond] = writes.map((w) => expect(w).rejects.toMatchObject(aborted));
    const requests = sent.slice(1);
    one.abort();
    await goneFirst;
    two.abort();
    await goneSecond;
    for (const { signal } of requests) expect(signal?.aborted).toBe(true);
    const shared = writerWith();
    const head = shared.writer.write(['a']);
    const stop = new AbortController();
    const left = expect(shared.writer.write(['b'], { signal: stop.signal })).rejects.toMatchObject(aborted);
    const kept = shared.writer.write(['c']);
    shared.sent[0]?.answer();
    await head;
    await settle();
    stop.abort();
    await left;
    expect(shared.sent[1]?.signal?.aborted).toBe(false);
    shared.sent[1]?.answer();
    expect(await kept).toEqual(OK);
  });
});

describe('close', () => {
  it('rejects what waits, gives up what is under way, and takes nothing more', async () => {
    const { writer, sent } = writerWith();
    const first = expect(writer.write(['a'])).rejects.toThrow('request aborted');
    const second = expect(writer.write(['b'])).rejects.toMatchObject({ code: 'closed' });
    writer.close();
    await Promise.all([first, second]);
    await expect(writer.write(['c'])).rejects.toMatchObject({ code: 'closed' });
    expect(sent.length).toBe(1);
  });
});
