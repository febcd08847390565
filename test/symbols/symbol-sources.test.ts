import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { http, ID, makeStore, moduleNamed, serve, symText, tree } from './symbol-store-parts.ts';

describe('a symbol server', () => {
  it('is asked once: the file is kept, with where it came from', async () => {
    const server = await serve((_, response) => response.end(symText('app')));
    const made = await makeStore({ sources: [http(`${server.url}/symbols/`)] });
    const url = `${server.url}/symbols/app/${ID}/app.sym`;
    for (let i = 0; i < 3; i += 1) {
      const gathered = await made.gather(moduleNamed('app'));
      expect(gathered.states.get(0)).toEqual({ state: 'found', url });
      gathered.release();
    }
    expect(server.asked).toEqual([`/symbols/app/${ID}/app.sym`]);
    const kept = await readFile(join(made.cache.filesFolder, 'app', ID, 'app.sym'), 'utf8');
    expect(kept).toBe(`${symText('app')}INFO URL ${url}\n`);
  });

  it('takes gzip, and `.pdb` is named `.sym`', async () => {
    const server = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(symText('xul.pdb'))),
    );
    const made = await makeStore({ sources: [http(server.url)] });
    expect(await made.states(moduleNamed('xul.pdb'))).toEqual(['found']);
    expect(server.asked).toEqual([`/xul.pdb/${ID}/xul.sym`]);
  });

  it('404: not asked again until the time is over, not even after a restart', async () => {
    const server = await serve((_, response) => response.writeHead(404).end('no'));
    const made = await makeStore({ sources: [http(server.url)] });
    expect(await made.states(moduleNamed('app'))).toEqual(['missing']);
    expect(await made.states(moduleNamed('app'))).toEqual(['missing']);
    expect(server.asked.length).toBe(1);
    await made.store.close();
    const again = await makeStore({ sources: [http(server.url)], folder: made.folder, clock: made.clock });
    expect(await again.states(moduleNamed('app'))).toEqual(['missing']);
    expect(server.asked.length).toBe(1);
    made.clock.ms += 3_600_001;
    server.answer = (_, response) => response.end(symText('app'));
    expect(await again.states(moduleNamed('app'))).toEqual(['found']);
  });

  it('500: not known to be missing; the server is left alone for a moment, then asked again', async () => {
    const server = await serve((_, response) => response.writeHead(500).end());
    const made = await makeStore({ sources: [http(server.url)] });
    expect(await made.states(moduleNamed('app'))).toEqual(['unavailable']);
    expect(await made.states(moduleNamed('other'))).toEqual(['unavailable']);
    expect(server.asked.length).toBe(1);
    server.answer = (_, response) => response.end(symText('app'));
    made.clock.ms += 1001;
    expect(await made.states(moduleNamed('app'))).toEqual(['found']);
  });

  it('that nobody answers at is unavailable, and the next source is asked', async () => {
    const server = await serve((_, response) => response.end(symText('app')));
    const made = await makeStore({ sources: [http('http://127.0.0.1:1'), http(server.url)] });
    expect(await made.states(moduleNamed('app'))).toEqual(['found']);
  });

  it('that never finishes is given up after the time limit, and leaves nothing behind', async () => {
    const server = await serve((_, response) => response.write(symText('app')));
    const made = await makeStore({ sources: [http(server.url)], fetchTimeoutMs: 300 });
    expect(await made.states(moduleNamed('app'))).toEqual(['unavailable']);
    expect(await tree(made.folder)).toEqual([]);
  });

  it('that breaks off in the middle leaves nothing behind', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100000' });
      response.write(symText('app'), () => response.destroy());
    });
    const made = await makeStore({ sources: [http(server.url)] });
    expect(await made.states(moduleNamed('app'))).toEqual(['unavailable']);
    expect(await tree(made.folder)).toEqual([]);
  });

  it('that sends in circles is unavailable', async () => {
    const server = await serve((request, response) =>
      response.writeHead(302, { location: `${request.url ?? ''}x` }).end(),
    );
    const made = await makeStore({ sources: [http(server.url)] });
    expect(await made.states(moduleNamed('app'))).toEqual(['unavailable']);
    expect(server.asked.length).toBeLessThanOrEqual(6);
  });

  it('that sends to where the files lie is followed, without our password', async () => {
    const seen: (string | undefined)[] = [];
    const bucket = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end(symText('app'));
    });
    const server = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: `${bucket.url}/there` }).end();
    });
    const made = await makeStore({ sources: [http(server.url.replace('http://', 'http://user:secret@'))] });
    const gathered = await made.gather(moduleNamed('app'));
    gathered.release();
    expect(seen).toEqual([`Basic ${Buffer.from('user:secret').toString('base64')}`, undefined]);
    expect(JSON.stringify([...gathered.states])).not.toContain('secret');
  });

  it.each([
    ['an HTML page', () => '<html>Please log in</html>'],
    ['the symbols of another build', () => symText('app', `${'A'.repeat(32)}0`)],
    ['nothing', () => ''],
  ])('that sends %s is refused, and not asked again', async (_, body) => {
    const server = await serve((_request, response) => response.end(body()));
    const made = await makeStore({ sources: [http(server.url)] });
    expect(await made.states(moduleNamed('app'))).toEqual(['refused']);
    expect(await made.states(moduleNamed('app'))).toEqual(['missing']);
    expect(server.asked.length).toBe(1);
    expect(await tree(made.folder)).toEqual([]);
  });

  it('that sends more than allowed, packed small, is refused', async () => {
    const bomb = gzipSync(Buffer.concat([Buffer.from(symText('app')), Buffer.alloc(50_000_000, 10)]));
    expect(bomb.length).toBeLessThan(100_000);
    const server = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    const made = await makeStore({ sources: [http(server.url)], maxFileBytes: 1_000_000 });
    expect(await made.states(moduleNamed('app'))).toEqual(['refused']);
    expect(await tree(made.folder)).toEqual([]);
  });

  it('is asked once for a file that many walks want at the same time', async () => {
    const server = await serve((_, response) => {
      setTimeout(() => response.end(symText('app')), 50);
    });
    const made = await makeStore({ sources: [http(server.url)] });
    const all = await Promise.all(Array.from({ length: 20 }, () => made.states(moduleNamed('app'))));
    expect(all.flat()).toEqual(Array.from({ length: 20 }, () => 'found'));
    expect(server.asked.length).toBe(1);
  });

  it('a walk that is aborted does not end the fetch that another one waits for', async () => {
    const server = await serve(() => undefined);
    const arrived = new Promise<ServerResponse>((resolve) => {
      server.answer = (_, response) => resolve(response);
    });
    const made = await makeStore({ sources: [http(server.url)] });
    const controller = new AbortController();
    const first = made.store.gather([moduleNamed('app')], [0], { signal: controller.signal });
    const second = made.gather(moduleNamed('app'));
    const response = await arrived;
    controller.abort(new Error('stop'));
    await expect(first).rejects.toMatchObject({ code: 'aborted' });
    response.end(symText('app'));
    expect((await second).states.get(0)?.state).toBe('found');
  });

  it('names in URLs are encoded', async () => {
    const server = await serve((_, response) => response.end(symText('a b#?%.so')));
    const made = await makeStore({ sources: [http(server.url)] });
    expect(await made.states(moduleNamed('a b#?%.so'))).toEqual(['found']);
    expect(server.asked).toEqual([`/a%20b%23%3F%25.so/${ID}/a%20b%23%3F%25.so.sym`]);
  });

  it('other schemes are refused at start-up', () => {
    expect(() => http('file:///etc')).toThrow(/http or https/);
    expect(() => http('symbols.example')).toThrow(/not a URL/);
  });
});
