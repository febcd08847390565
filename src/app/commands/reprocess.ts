import { mapConcurrent } from '../../lib/concurrency.ts';
import { loadRules } from '../../processor/load-rules.ts';
import { rulesetNames } from '../../processor/pipeline.ts';
import { defineCommand, UsageError } from '../command.ts';
import { allIds } from '../command-ids.ts';
import type { Configuration } from '../config/configuration.ts';
import { knownCrashes } from '../known-crashes.ts';
import { withApp } from '../with-app.ts';

/** Crashes looked up and queued at once: a list of many thousands must not wait for each answer. */
const AT_ONCE = 16;

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
    {
      flags: '--force',
      doc: 'queue without looking whether PROCESSOR_SOURCE or the spool has the crash; for a store that is down',
    },
  ],
  examples: [
    'auxilio reprocess 0bba929f-8721-460c-8e70-a43c90261121',
    'auxilio reprocess --ruleset regenerate_signature < ids.txt',
  ],
  async run(context) {
    const ids = await allIds(context, context.args);
    const { ruleset, priority, force } = context.options;
    const lane = priority ? 'priority' : 'reprocessing';
    if (typeof ruleset === 'string') await checkRuleset(ruleset, await context.configuration());
    const o = { signal: context.signal };
    return withApp(context, async (app) => {
      const queue = await app.queue();
      const isKnown = force ? async () => true : await knownCrashes(app);
      let missing = 0;
      await mapConcurrent(ids, AT_ONCE, async (crashId) => {
        if (await isKnown(crashId, o)) {
          await queue.publish({ crashId, ...(typeof ruleset === 'string' ? { ruleset } : {}) }, lane, o);
          context.print(`${crashId} queued (${lane})`);
        } else {
          missing += 1;
          context.warn(
            `${crashId}: not queued, no store that the processor reads has it; --force queues it anyway`,
          );
        }
      });
      return missing > 0 ? 1 : 0;
    });
  },
});
