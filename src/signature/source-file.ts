import { text, truthy } from './python-values.ts';

/**
 * The path in a frame's file: `hg:host/repo:js/src/jit/MIR.h:755067c14b06` → `js/src/jit/MIR.h`,
 * `c:\a\b.cpp` → `\a\b.cpp`, `/a/b.c` as it is, anything else undefined (also `b.rs`: bare relative paths
 * come from nowhere that a rule could know).
 * Throws `PythonError` on what is neither text nor empty.
 */
export function parseSourceFile(file: unknown): string | undefined {
  if (!truthy(file)) return undefined;
  const path = text(file, 'split');
  const first = path.indexOf(':');
  if (first < 0) return path.startsWith('/') ? path : undefined;
  const second = path.indexOf(':', first + 1);
  if (second < 0) return path.slice(first + 1);
  const third = path.indexOf(':', second + 1);
  if (third >= 0 && path.indexOf(':', third + 1) < 0) return path.slice(second + 1, third);
  return path.startsWith('/') ? path : undefined;
}
