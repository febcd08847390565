/** The rules that make signatures: those of the package, and those from outside. */
import { loadModules } from '../lib/load-folder.ts';
import { defaultRules } from '../signature/default-rules.ts';
import type { SignatureRule } from '../signature/rule.ts';
import type { Configuration } from './config/configuration.ts';

/** In no order yet. Rejects with `LoadError` when a module cannot be used. */
export async function signatureRules({ settings, cwd }: Configuration): Promise<readonly SignatureRule[]> {
  const outside = await loadModules<SignatureRule>(settings.signature.rules, cwd, 'SIGNATURE_RULES');
  return [...defaultRules, ...outside];
}
