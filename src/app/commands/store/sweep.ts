import { byteText } from '../../byte-text.ts';
import { defineCommand } from '../../command.ts';
import { durationValue } from '../../command-values.ts';
import { counted } from '../../rows.ts';
import { allOption, chosenTargets, forEachTarget, nameOrAll } from '../../upkeep-choice.ts';
import { withApp } from '../../with-app.ts';

export default defineCommand({
  name: 'sweep',
  summary: 'Find and remove what broken writes left: chunks, parts and drafts that belong to no crash',
  args: '[name]',
  options: [
    allOption,
    {
      flags: '--older-than <duration>',
      doc: 'leave what is younger: it may be a write in hand',
      default: '1d',
    },
    { flags: '--dry-run', doc: 'only say what there is' },
  ],
  examples: ['auxilio store sweep cassandra --dry-run', 'auxilio store sweep --all --older-than 6h'],
  async run(context) {
    const name = nameOrAll(context);
    const olderThanMs = durationValue('--older-than', context.options['olderThan']);
    const dryRun = context.options['dryRun'] === true;
    return withApp(context, async (app) =>
      forEachTarget(
        context,
        await chosenTargets(app, name),
        async ({ name: store, plan, context: opening }) => {
          const { sweep } = plan.backend.upkeep ?? {};
          if (!sweep) {
            context.print(`${store}: ${plan.backend.use} leaves nothing to sweep`);
            return;
          }
          const how = { olderThanMs, dryRun, label: plan.label, signal: context.signal };
          const { found, bytes, removed } = await sweep(plan.options, opening, how);
          const what = `${counted(found, 'leftover')}, ${byteText(bytes)}`;
          context.print(`${store}: ${what}${dryRun ? '' : `; ${removed} removed`}`);
        },
      ),
    );
  },
});
