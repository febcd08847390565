import { loadRules } from '../../processor/load-rules.ts';
import { rulesetNames } from '../../processor/pipeline.ts';
import { defineCommand, UsageError } from '../command.ts';
import { allIds } from '../command-ids.ts';
import type { Configuration } from '../config/configuration.ts';
import { withApp } from '../with-app.ts';

/** A slip in the name would make a dead letter of every crash. */
async function checkRuleset(name: string, { settings, cwd }: Configuration): Promise<void> {
  const known = rulesetNames(await loadRules(settings.processor.rules, cwd));
  if (!known.has(name))
    throw new UsageError(`no rule set is named ${name}; there are ${[...known].join(', ')}`);
}

export default defineCommand({
  name: 'reprocess',
  summary: 'Queue crashes to be processed again, deferred ones for the first time',
  args: '[ids...]',
  options: [
    {
      flags: '--ruleset <name>',
      doc: 'rules to run: `default`, or `regenerate_signature` for the signature alone',
    },
    { flags: '--priority', doc: 'use the priority lane' },
  ],
  examples: [
    'auxilio reprocess 0bba929f-8721-460c-8e70-a43c90261121',
    'auxilio reprocess --ruleset regenerate_signature < ids.txt',
  ],
  async run(context) {
    const ids = await allIds(context, context.args);
    const { ruleset, priority } = context.options;
    const lane = priority ? 'priority' : 'reprocessing';
    if (typeof ruleset === 'string') await checkRuleset(ruleset, await context.configuration());
    return withApp(context, async (app) => {
      const queue = await app.queue();
      for (const crashId of ids) {
        await queue.publish({ crashId, ...(typeof ruleset === 'string' ? { ruleset } : {}) }, lane, {
          signal: context.signal,
        });
        context.print(`${crashId} queued (${lane})`);
      }
      return 0;
    });
  },
});
