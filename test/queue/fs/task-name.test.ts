import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCrashId } from '../../../src/model/crash-id.ts';
import { checkTask } from '../../../src/queue/check-task.ts';
import { LANES } from '../../../src/queue/contract.ts';
import { formatName, isOf, parseName, type TaskName } from '../../../src/queue/fs/task-name.ts';

const id = createCrashId(new Date());
const names: fc.Arbitrary<TaskName> = fc.record({
  time: fc.integer({ min: 0, max: Date.UTC(2286, 0) }),
  serial: fc.stringMatching(/^[0-9a-z]{4,24}$/),
  lane: fc.constantFrom(...LANES),
  used: fc.nat(999_999),
  isSuspect: fc.boolean(),
  task: fc.oneof(
    fc.constant(null),
    fc.constant({ crashId: id }),
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => encodeURIComponent(text).length <= 120)
      .map((ruleset) => ({ crashId: id, ruleset })),
  ),
});

describe('task names', () => {
  it('can be read back, whatever the rule set is called', () => {
    fc.assert(
      fc.property(names, (name) => {
        const file = formatName(name);
        expect(parseName(file)).toEqual(name);
        expect(file).toMatch(/^[\x21-\x7e]{1,240}$/);
        expect(file).not.toContain('/');
      }),
    );
  });

  it('sort by time', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        if (a.time !== b.time) expect(formatName(a) < formatName(b)).toBe(a.time < b.time);
      }),
    );
  });

  it('fit into 255 bytes with a mark before them, for every rule set that may be published', () => {
    const ruleset = 'ü'.repeat(20);
    checkTask({ crashId: id, ruleset }, 'standard');
    expect(() => checkTask({ crashId: id, ruleset: `${ruleset}x` }, 'standard')).toThrow('rule set');
    const name: TaskName = {
      time: 1e14,
      serial: 'z'.repeat(24),
      lane: 'standard',
      used: 99,
      isSuspect: true,
      task: { crashId: id, ruleset },
    };
    expect(`dying.${formatName(name)}`.length).toBeLessThanOrEqual(255);
  });

  it.each([
    '',
    'lease',
    'garbage',
    `1763700000000.0001_q_0_${id}`,
    `1763700000000.0001_s_0_${id.toUpperCase()}`,
    `1763700000000.0001_s_0_${id}_%zz`,
    `1763700000000.0001_s_0_${id}_%ff`,
    `1763700000000.0001_s_0_unreadable_x`,
    `1763700000000.0001_s_x_${id}`,
    `held.1763700000000.0001_s_0_${id}`,
    `x1763700000000.0001_s_0_${id}`,
  ])('%s is none', (text) => {
    expect(parseName(text)).toBeUndefined();
  });

  it('anything at all is a name or is none', () => {
    fc.assert(
      fc.property(
        fc.string(),
        (text) => parseName(text) === undefined || formatName({ ...(parseName(text) as TaskName) }) !== '',
      ),
    );
  });

  it('tell whose they are', () => {
    const file = formatName({
      time: 1,
      serial: '0000',
      lane: 'standard',
      used: 0,
      isSuspect: false,
      task: { crashId: id },
    });
    expect(isOf(file, id)).toBe(true);
    expect(isOf(file, createCrashId(new Date()))).toBe(false);
  });
});
