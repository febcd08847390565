import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/build/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Against tests that hang, not slow ones: a loaded machine may take several times as long as a quiet one.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    // Two cores: more workers only make the real processes that tests start slower.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});
