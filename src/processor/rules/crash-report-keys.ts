/** Which annotations and dumps came: names only, in the characters that names are made of. */
import { defineRule } from '../rule.ts';

const VALID = /^[a-zA-Z0-9_-]+$/;
const LONGEST = 100;

export default defineRule({
  name: 'crash-report-keys',
  run({ raw, dumps, note }) {
    const all = [...Object.keys(raw.annotations), ...dumps.map((dump) => dump.name)];
    const kept = all.filter((key) => VALID.test(key)).map((key) => key.slice(0, LONGEST));
    if (kept.length < all.length || all.some((key) => key.length > LONGEST)) {
      note('invalidkeys: Crash report contains invalid keys');
    }
    return { crash_report_keys: [...new Set(kept)].sort() };
  },
});
