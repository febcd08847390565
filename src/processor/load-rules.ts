/** The rules: one file each in `rules/`, and those from outside by module path. */
import { fileURLToPath } from 'node:url';
import { loadFolder, loadModules } from '../lib/load-folder.ts';
import type { AnyRule } from './pipeline.ts';

/** `outside` are module paths relative to `base`, or names of installed packages. */
export async function loadRules(outside: readonly string[], base: string): Promise<AnyRule[]> {
  const own = await loadFolder<AnyRule>(fileURLToPath(new URL('./rules', import.meta.url)));
  return [...own, ...(await loadModules<AnyRule>(outside, base, 'PROCESSOR_RULES'))];
}
