/** The application's own word for why it crashed; texts that quote client data are replaced. */
import { annotation } from '../annotations.ts';
import { defineRule } from '../rule.ts';

const QUOTES_CLIENT_DATA = ['Failed to load module', 'byte index', 'do not use eval with system privileges'];

export default defineRule({
  name: 'crash-reason-text',
  run({ raw }) {
    const reason = annotation(raw, 'MozCrashReason');
    if (!reason) return undefined;
    const hidden = QUOTES_CLIENT_DATA.some((start) => reason.startsWith(start));
    return {
      moz_crash_reason_raw: reason,
      moz_crash_reason: hidden ? 'sanitized--see moz_crash_reason_raw' : reason,
    };
  },
});
