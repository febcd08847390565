/** The pipeline: order, patches, failures, time limits, notes. */
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import type { RawCrash } from '../../src/model/report.ts';
import {
  type AnyRule,
  Pipeline,
  RuleFailedError,
  UnknownRulesetError,
} from '../../src/processor/pipeline.ts';
import { defineRule } from '../../src/processor/rule.ts';
import { rawCrash } from '../build/raw-crash.ts';

const pipelineOf = (rules: readonly AnyRule[]): Pipeline =>
  new Pipeline(rules, { services: {} as never, clock: systemClock, log: silentLog });

const input = (
  raw: RawCrash = rawCrash(),
  more: { ruleset?: string; previous?: ProcessedCrash; signal?: AbortSignal } = {},
) => ({
  raw,
  dumps: [],
  previous: more.previous,
  ruleset: more.ruleset ?? 'default',
  scratch: '/nonexistent',
  signal: more.signal ?? new AbortController().signal,
});

describe('pipeline', () => {
  it('names no machine in the notes, which are public', async () => {
    const { processor_notes: notes } = await pipelineOf([defineRule({ name: 'a', run: () => ({}) })]).run(
      input(),
    );
    expect(String(notes)).toMatch(/^>>> Start processing: [\d\-T:.]+Z$/m);
    expect(String(notes)).not.toContain(hostname());
  });

  it('runs rules after what they depend on and gives them what was set before', async () => {
    const seen: unknown[] = [];
    const pipeline = pipelineOf([
      defineRule({
        name: 'a-last',
        after: ['z-first'],
        run: ({ processed }) => void seen.push(processed['x']),
      }),
      defineRule({ name: 'z-first', run: () => ({ x: 1 }) }),
    ]);
    const processed = await pipeline.run(input());
    expect(pipeline.order()).toEqual(['z-first', 'a-last']);
    expect(seen).toEqual([1]);
    expect(processed).toMatchObject({ x: 1, complete: true, failed_rules: [], set_by: { x: 'z-first' } });
  });

  it('refuses circles and unknown names with the path', () => {
    const a = defineRule({ name: 'a', after: ['b'], run: () => undefined });
    expect(() => pipelineOf([a, defineRule({ name: 'b', after: ['a'], run: () => undefined })])).toThrow(
      'cycle: a -> b -> a',
    );
    expect(() => pipelineOf([a])).toThrow('rule a comes after b, which does not exist');
  });

  it('notes a failed rule by class and code, never by message, and goes on', async () => {
    const secret = Object.assign(new TypeError('bob@example.com'), { code: 'E_SECRET' });
    const pipeline = pipelineOf([
      defineRule({
        name: 'bad',
        run: () => {
          throw secret;
        },
      }),
      defineRule({ name: 'good', after: ['bad'], run: () => ({ y: 2 }) }),
    ]);
    const processed = await pipeline.run(input());
    expect(processed).toMatchObject({
      y: 2,
      complete: false,
      failed_rules: [{ rule: 'bad', reason: 'TypeError E_SECRET' }],
    });
    expect(processed.processor_notes).toContain("rule 'bad' failed: TypeError E_SECRET");
    expect(JSON.stringify(processed)).not.toContain('bob@');
  });

  it('counts a predicate that throws as a failure', async () => {
    const pipeline = pipelineOf([
      defineRule({
        name: 'bad',
        when: () => {
          throw new Error('x');
        },
        run: () => ({ z: 1 }),
      }),
    ]);
    expect(await pipeline.run(input())).toMatchObject({
      complete: false,
      failed_rules: [{ rule: 'bad', reason: 'Error' }],
    });
  });

  it('retries the crash when a rule says so', async () => {
    const pipeline = pipelineOf([
      defineRule({
        name: 'vital',
        onError: 'fail',
        run: () => {
          throw new Error('x');
        },
      }),
    ]);
    await expect(pipeline.run(input())).rejects.toBeInstanceOf(RuleFailedError);
  });

  it('ends a rule that takes too long', async () => {
    const pipeline = pipelineOf([
      defineRule({ name: 'slow', timeoutMs: 20, run: () => new Promise<undefined>(() => undefined) }),
    ]);
    expect((await pipeline.run(input())).failed_rules).toEqual([
      { rule: 'slow', reason: 'RuleTimeoutError' },
    ]);
  });

  it('stops when the caller does', async () => {
    const controller = new AbortController();
    const pipeline = pipelineOf([
      defineRule({
        name: 'waits',
        run: () => {
          controller.abort();
          return new Promise<undefined>(() => undefined);
        },
      }),
    ]);
    await expect(pipeline.run(input(rawCrash(), { signal: controller.signal }))).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('keeps no stale field of an earlier run, but its notes', async () => {
    const raw = rawCrash();
    const previous: ProcessedCrash = {
      id: raw.id,
      signature: 'old',
      stale: 1,
      processor_notes: 'first',
      processor_history: ['zeroth'],
    };
    const processed = await pipelineOf([defineRule({ name: 'r', run: () => ({ fresh: 1 }) })]).run(
      input(raw, { previous }),
    );
    expect(processed).not.toHaveProperty('stale');
    expect(processed['processor_history']).toEqual(['first', 'zeroth']);
    expect(processed.signature).toBe('EMPTY: crash failed to process');
  });

  it('runs another rule set on top of what is there', async () => {
    const raw = rawCrash();
    const previous: ProcessedCrash = {
      id: raw.id,
      signature: 'old',
      kept: 1,
      set_by: { kept: 'other', signature: 'sign' },
      failed_rules: [
        { rule: 'other', reason: 'Error' },
        { rule: 'sign', reason: 'Error' },
      ],
    };
    const rules = [
      defineRule({ name: 'other', run: () => ({ kept: 2 }) }),
      defineRule({ name: 'sign', rulesets: ['default', 'signature'], run: () => ({ signature: 'new' }) }),
    ];
    const processed = await pipelineOf(rules).run(input(raw, { previous, ruleset: 'signature' }));
    expect(processed).toMatchObject({
      signature: 'new',
      kept: 1,
      complete: false,
      failed_rules: [{ rule: 'other', reason: 'Error' }],
      set_by: { kept: 'other', signature: 'sign' },
    });
    const first = await pipelineOf(rules).run(input(raw, { ruleset: 'signature' }));
    expect(first).toMatchObject({ signature: 'new', kept: 2, complete: true });
  });

  it('knows no rule set that no rule belongs to', async () => {
    const pipeline = pipelineOf([defineRule({ name: 'r', run: () => undefined })]);
    await expect(pipeline.run(input(rawCrash(), { ruleset: 'nope' }))).rejects.toBeInstanceOf(
      UnknownRulesetError,
    );
  });
});
