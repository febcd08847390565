/** What the conformance tests tell `scripts/backend-matrix.ts`, through the test runner's report. */
import 'vitest';

export interface TestedBackend {
  readonly kind: 'store' | 'queue';
  /** As its suite is called: `store TITLE`, `queue TITLE`. */
  readonly title: string;
  /** Capabilities that it declares. */
  readonly has: readonly string[];
  readonly engine?: string | undefined;
  readonly missing?: string | undefined;
}

declare module 'vitest' {
  interface TaskMeta {
    backend?: TestedBackend;
  }
}

export const about = ({ engine, missing }: Pick<TestedBackend, 'engine' | 'missing'>) => ({
  ...(engine === undefined ? {} : { engine }),
  ...(missing === undefined ? {} : { missing }),
});
