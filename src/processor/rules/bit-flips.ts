/** How likely a flipped bit explains the address, in percent; only where the walker looked for it. */
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'bit-flips',
  after: ['stackwalk'],
  when: ({ processed }) => (processed.json_dump?.crash_info?.possible_bit_flips?.length ?? 0) > 0,
  run({ processed }) {
    const flips = processed.json_dump?.crash_info?.possible_bit_flips ?? [];
    const confidence = Math.max(...flips.map((flip) => flip.confidence ?? 0));
    return { possible_bit_flips_max_confidence: Math.trunc(confidence * 100) };
  },
});
