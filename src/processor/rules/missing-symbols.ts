/** `name/version/debugid[/codeid]` of each module that no symbols were found for, sorted, `;` between. */
import type { StackModule } from '../../model/processed-crash.ts';
import { defineRule } from '../rule.ts';

const NO_DEBUG_ID = '0'.repeat(33);

const hex = (text: string | null | undefined): string => (text ?? '').replaceAll(/[^0-9a-fA-F]/g, '');

function describe(module: StackModule): string {
  const name = module.filename.replaceAll('/', '\\/');
  const version = (module.version || 'None').replaceAll('/', '\\/');
  const code = hex(module.code_id);
  return [name, version, hex(module.debug_id) || NO_DEBUG_ID, ...(code ? [code] : [])].join('/');
}

export default defineRule({
  name: 'missing-symbols',
  after: ['stackwalk'],
  when: ({ processed }) => processed.json_dump !== undefined,
  run({ processed }) {
    const missing = (processed.json_dump?.modules ?? []).filter((module) => module.missing_symbols === true);
    return { missing_symbols: [...new Set(missing.map(describe))].sort().join(';') };
  },
});
