import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LANES, type Lane } from '../../src/queue/contract.ts';
import { LANE_WEIGHTS, LaneOrder } from '../../src/queue/lane-order.ts';

/** Serves `count` times from lanes of which some are always full and the others always empty. */
function serve(order: LaneOrder, full: readonly Lane[], count: number): Lane[] {
  return Array.from({ length: count }, () => {
    const empty = new Set<Lane>();
    for (const lane of order.next()) {
      if (full.includes(lane)) {
        order.served(lane, empty);
        return lane;
      }
      empty.add(lane);
      order.empty(lane);
    }
    throw new Error('all lanes are empty');
  });
}

const count = (lanes: readonly Lane[], lane: Lane): number => lanes.filter((other) => other === lane).length;

describe('lane order', () => {
  it('serves full lanes by their weight, priority first', () => {
    const served = serve(new LaneOrder(), LANES, 100);
    expect(served[0]).toBe('priority');
    for (const lane of LANES) expect(count(served, lane)).toBe(LANE_WEIGHTS[lane] * 10);
  });

  it('does not let an empty lane save up turns', () => {
    const order = new LaneOrder();
    serve(order, ['reprocessing'], 1_000);
    const afterwards = serve(order, LANES, 10);
    expect(afterwards[0]).toBe('priority');
    expect(count(afterwards, 'reprocessing')).toBe(1);
  });

  it('does not ask empty lanes first for ever', () => {
    const order = new LaneOrder();
    let asked = 0;
    for (let i = 0; i < 100; i += 1) {
      const tried = order.next();
      const empty = tried.slice(0, tried.indexOf('priority'));
      for (const lane of empty) order.empty(lane);
      order.served('priority', new Set(empty));
      asked += empty.length;
    }
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(110);
  });

  it('starves no lane that has tasks, whatever the others do', () => {
    const some = fc.subarray([...LANES], { minLength: 1 });
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 50 }), some, (history, full) => {
        const order = new LaneOrder();
        for (const before of history) serve(order, before, 1);
        const served = serve(order, full, 20);
        for (const lane of full) expect(served).toContain(lane);
      }),
    );
  });
});
