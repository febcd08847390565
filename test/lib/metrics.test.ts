import { describe, expect, it } from 'vitest';
import { declaredMetrics, declareMetrics, registry } from '../../src/lib/metrics.ts';

describe('metrics', () => {
  it('counts, sets and observes under our prefix', async () => {
    const metrics = declareMetrics({
      test_things: { type: 'counter', help: 'Things', labels: ['kind'] },
      test_level: { type: 'gauge', help: 'Level' },
      test_seconds: { type: 'histogram', help: 'Seconds', buckets: [1, 2] },
    });
    metrics.count('test_things', { kind: 'good' });
    metrics.count('test_things', { kind: 'good' }, 4);
    metrics.set('test_level', 7);
    metrics.set('test_level', 3);
    metrics.observe('test_seconds', 1.5);
    const text = await registry.metrics();
    expect(text).toContain('auxilio_test_things{kind="good"} 5');
    expect(text).toContain('auxilio_test_level 3');
    expect(text).toContain('auxilio_test_seconds_bucket{le="1"} 0');
    expect(text).toContain('auxilio_test_seconds_bucket{le="2"} 1');
    expect(declaredMetrics().get('auxilio_test_things')).toMatchObject({ type: 'counter', help: 'Things' });
  });

  it('refuses a name that is taken, and a label that was not declared', () => {
    const metrics = declareMetrics({ test_once: { type: 'counter', help: 'x' } });
    expect(() => declareMetrics({ test_once: { type: 'counter', help: 'x' } })).toThrow(
      'metric auxilio_test_once is declared twice',
    );
    expect(() => metrics.count('test_once', { surprise: 1 })).toThrow();
  });
});
