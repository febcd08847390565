import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { Bell } from '../../src/queue/bell.ts';
import type { Lane } from '../../src/queue/contract.ts';
import { afterDeath } from '../../src/queue/death.ts';
import { type Claim, Dispatcher } from '../../src/queue/dispatcher.ts';
import { systemTiming } from '../../src/queue/timing.ts';

describe('what a death says of a task', () => {
  it.each([
    [{ used: 0, isSuspect: false }, 5, { used: 1, isSuspect: true }],
    [{ used: 3, isSuspect: false }, 5, { used: 4, isSuspect: true }],
    // Tried four times, and then beside one that kills.
    [{ used: 4, isSuspect: false }, 5, { used: 4, isSuspect: true }],
    [{ used: 0, isSuspect: false }, 1, { used: 0, isSuspect: true }],
    [{ used: 0, isSuspect: true }, 1, 'dead'],
    [{ used: 1, isSuspect: true }, 5, { used: 2, isSuspect: true }],
    [{ used: 4, isSuspect: true }, 5, 'dead'],
  ] as const)('%j of %d', (past, most, expected) => expect(afterDeath(past, most)).toEqual(expected));
});

interface Named {
  readonly name: string;
}

/** Names that begin with `s` are suspects. */
function source(names: string[], seen: string[]) {
  const say = (what: string) => async (claim: Claim<Named>) => seen.push(`${what} ${claim.task.name}`) > 0;
  return {
    async take(lane: Lane): Promise<Claim<Named> | undefined> {
      const name = lane === 'standard' ? names.shift() : undefined;
      const { signal } = new AbortController();
      return name ? { task: { name }, lane, attempt: 1, isSuspect: name.startsWith('s'), signal } : undefined;
    },
    idleMs: () => 1,
    done: say('done'),
    retry: say('retry'),
    release: say('release'),
    bury: say('bury'),
    hold: async (claim: Claim<Named>, held: boolean) => say(held ? 'hold' : 'go on with')(claim),
    wait: async (claim: Claim<Named>, waiting: boolean) => say(waiting ? 'wait' : 'begin')(claim),
  };
}

function dispatched(names: string[], seen: string[], work: (name: string) => Promise<void>) {
  const stop = new AbortController();
  const parts = {
    source: source(names, seen),
    bell: new Bell(systemTiming),
    settings: { max_attempts: 5, retry_base: 1, retry_cap: 1, postpone_base: 1, postpone_cap: 1 },
    timing: systemTiming,
    log: silentLog,
    nameOf: ({ name }: Named) => ({ name }),
  };
  const handle = async ({ task }: { readonly task: Named }) => {
    await work(task.name);
    return { kind: 'done' } as const;
  };
  const running = new Dispatcher(parts, handle, { concurrency: 4, signal: stop.signal }).run();
  return { stop: () => stop.abort(), running };
}

describe('a suspect', () => {
  it('is handled alone, and others are handled together before and after it', async () => {
    const seen: string[] = [];
    const together = new Map<string, number>();
    let atWork = 0;
    const { stop, running } = dispatched(['a', 'b', 's1', 's2', 'c', 'd', 'e'], seen, async (name) => {
      atWork += 1;
      await delay(30);
      together.set(name, atWork);
      await delay(5);
      atWork -= 1;
    });
    await expect.poll(() => together.size, { timeout: 5000 }).toBe(7);
    stop();
    await running;
    expect(Object.fromEntries(together)).toMatchObject({ s1: 1, s2: 1 });
    expect(together.get('a')).toBeGreaterThan(1);
    expect(together.get('c')).toBeGreaterThan(1);
    // It waited for those that were at work; the one after it had nobody to wait for.
    expect(seen.filter((line) => /s\d/.test(line))).toEqual(['wait s1', 'begin s1', 'done s1', 'done s2']);
  });

  it('is given back when the consumer stops before it is alone', async () => {
    const seen: string[] = [];
    const work = Promise.withResolvers<void>();
    const { stop, running } = dispatched(['a', 's', 'b'], seen, () => work.promise);
    await expect.poll(() => seen).toEqual(['wait s']);
    stop();
    work.resolve();
    await running;
    expect(seen).toEqual(['wait s', 'done a', 'release s']);
  });
});
