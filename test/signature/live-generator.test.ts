import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { registry } from '../../src/lib/metrics.ts';
import { defaultRules } from '../../src/signature/default-rules.ts';
import { LiveGenerator, type LiveOptions } from '../../src/signature/live-generator.ts';
import { stack } from './stack.ts';

const PREFIX = 'prefix_signature_re.txt';
const CRASH = stack('alloc\nfoo\nmain');

let root: string;
let folder: string;
let live: LiveGenerator | undefined;
let said: string[];
const kept: string[] = [];

async function follow(options: Partial<LiveOptions> = {}): Promise<LiveGenerator> {
  said = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => void said.push(line) });
  live = await LiveGenerator.open({
    rules: defaultRules,
    folder,
    log,
    keep: async ({ digest }) => void kept.push(digest),
    ...options,
  });
  await live.watch();
  return live;
}

const gauge = async (): Promise<number | undefined> =>
  (await registry.getSingleMetric('auxilio_signature_lists_broken')?.get())?.values[0]?.value;

const until = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 20_000, interval: 50 });
const signature = (): string | undefined => live?.generate(CRASH).signature;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'live-lists-'));
  folder = join(root, 'lists');
  await mkdir(folder);
  await writeFile(join(folder, PREFIX), '# none\n');
});
afterEach(async () => {
  await live?.close();
  live = undefined;
  kept.length = 0;
  await rm(root, { recursive: true });
});

describe('an edit of a list', { timeout: 60_000 }, () => {
  it('takes effect while it runs, and the version is kept when it comes into use', async () => {
    const { lists } = await follow();
    expect(signature()).toBe('alloc');
    expect(kept).toEqual([lists.digest]);
    await writeFile(join(folder, PREFIX), 'alloc$\n');
    await until(() => expect(signature()).toBe('alloc | foo'));
    await until(() => expect(kept).toEqual([lists.digest, live?.lists.digest]));
    expect(live?.generate(CRASH).trace.lists).toBe(live?.lists.digest);
  });

  it('is kept before it is used', async () => {
    const inUse: (string | undefined)[] = [];
    await follow({
      keep: async () => {
        inUse.push(signature());
      },
    });
    await writeFile(join(folder, PREFIX), 'alloc$\n');
    await until(() => expect(signature()).toBe('alloc | foo'));
    expect(inUse).toEqual(['alloc', 'alloc']);
  });

  it('is seen when the editor writes a new file and renames it over the old one, again and again', async () => {
    await follow();
    for (const [text, expected] of [
      ['alloc$', 'alloc | foo'],
      ['alloc$\nfoo$', 'alloc | foo | main'],
      ['', 'alloc'],
    ] as const) {
      await writeFile(join(folder, '.swp'), text);
      await rename(join(folder, '.swp'), join(folder, PREFIX));
      await until(() => expect(signature()).toBe(expected));
    }
  });

  it('is seen in the folder that took the place of the old one, and in what a link now points at', async () => {
    await follow();
    const next = join(root, 'next');
    await mkdir(next);
    await writeFile(join(next, PREFIX), 'alloc$');
    await rename(folder, join(root, 'old'));
    await rename(next, folder);
    await until(() => expect(signature()).toBe('alloc | foo'));
    await writeFile(join(folder, PREFIX), 'alloc$\nfoo$');
    await until(() => expect(signature()).toBe('alloc | foo | main'));
    await rename(folder, join(root, 'linked'));
    await writeFile(join(root, 'old', PREFIX), 'foo');
    await symlink(join(root, 'old'), folder);
    await until(() => expect(signature()).toBe('alloc'));
    expect(live?.state).toEqual({ digest: live?.lists.digest });
  });

  it('comes into use once it is whole, not line by line', async () => {
    await follow();
    const seen = new Set<string | undefined>();
    const looking = setInterval(() => seen.add(signature()), 5);
    try {
      for (const text of ['a', 'alloc$', 'alloc$\nfo', 'alloc$\nfoo$']) {
        await writeFile(join(folder, PREFIX), text);
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      await until(() => expect(signature()).toBe('alloc | foo | main'));
    } finally {
      clearInterval(looking);
    }
    expect([...seen]).not.toContain('alloc | foo');
  });
});

describe('an edit that cannot be used', { timeout: 60_000 }, () => {
  it('leaves the old lists in use, and log, metric and state say so until it is repaired', async () => {
    const { lists } = await follow();
    await writeFile(join(folder, PREFIX), 'alloc$\nfoo(\n');
    await until(() =>
      expect(live?.state.broken).toBe(`${join(folder, PREFIX)}:2: missing ), unterminated subpattern`),
    );
    expect(live?.state.digest).toBe(lists.digest);
    expect(signature()).toBe('alloc');
    expect(await gauge()).toBe(1);
    expect(said.filter((line) => line.includes('refused'))).toHaveLength(1);
    await writeFile(join(folder, PREFIX), 'alloc$\n');
    await until(() => expect(signature()).toBe('alloc | foo'));
    expect(live?.state).toEqual({ digest: live?.lists.digest });
    expect(await gauge()).toBe(0);
  });

  it('is forgotten when it is undone', async () => {
    await follow();
    await writeFile(join(folder, PREFIX), '(a+)+b');
    await until(() => expect(live?.state.broken).toContain('catastrophic backtracking'));
    await writeFile(join(folder, PREFIX), '# none\n');
    await until(() => expect(live?.state).not.toHaveProperty('broken'));
  });

  it('is the whole folder gone', async () => {
    await follow();
    await rm(folder, { recursive: true });
    await until(() => expect(live?.state.broken).toBe('the folder cannot be read (ENOENT)'));
    expect(signature()).toBe('alloc');
    await mkdir(folder);
    await writeFile(join(folder, PREFIX), 'alloc$');
    await until(() => expect(signature()).toBe('alloc | foo'));
    expect(live?.state).not.toHaveProperty('broken');
  });
});

describe('a version that could not be kept', () => {
  it('stops nothing, and is tried again', async () => {
    let failures = 0;
    await follow({
      keep: async ({ digest }) => {
        if (failures++ === 0) throw new Error('store is down');
        kept.push(digest);
      },
    });
    expect(said.join()).toContain('could not be kept yet');
    await writeFile(join(folder, PREFIX), 'alloc$');
    await until(() => expect(kept).toEqual([live?.lists.digest]));
  });
});

describe('a store that hangs', () => {
  it('holds up neither the start nor an edit', { timeout: 30_000 }, async () => {
    await follow({
      keep: (_lists, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    expect(said.join()).toContain('could not be kept yet');
    await writeFile(join(folder, PREFIX), 'alloc$');
    await until(() => expect(signature()).toBe('alloc | foo'));
  });
});

it('lists that cannot be used at the start are an error', async () => {
  await writeFile(join(folder, PREFIX), '*');
  await expect(follow()).rejects.toThrow(`${PREFIX}:1: nothing to repeat`);
});
