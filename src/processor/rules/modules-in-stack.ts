/** `module/debugid` of each module on the crashing stack, sorted, `;` between. */
import { crashingFrames } from '../crashing-stack.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'modules-in-stack',
  after: ['stackwalk'],
  when: ({ processed }) => processed.json_dump !== undefined,
  run({ processed }) {
    const onStack = new Set(crashingFrames(processed).map((frame) => frame.module));
    const modules = (processed.json_dump?.modules ?? [])
      .filter((module) => onStack.has(module.filename))
      .map((module) => `${module.filename}/${module.debug_id ?? ''}`);
    return { modules_in_stack: [...new Set(modules)].sort().join(';') };
  },
});
