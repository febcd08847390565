/** SHA-256 of the main dump; empty when there is none. */
import { MAIN_DUMP } from '../../model/main-dump.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'minidump-hash',
  run: ({ dumps }) => ({ minidump_sha256_hash: dumps.find((dump) => dump.name === MAIN_DUMP)?.sha256 ?? '' }),
});
