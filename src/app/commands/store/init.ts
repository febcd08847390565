import { defineCommand } from '../../command.ts';
import { allOption, chosenTargets, forEachTarget, nameOrAll } from '../../upkeep-choice.ts';
import { withApp } from '../../with-app.ts';

export default defineCommand({
  name: 'init',
  summary: 'Make or upgrade what a store needs in its engine: tables, indices, templates; safe to run again',
  args: '[name]',
  options: [
    allOption,
    { flags: '--create-database', doc: 'make the database, keyspace or bucket, too' },
    { flags: '--sample-data', doc: 'then send a few crashes of a test product through a collector' },
  ],
  examples: [
    'auxilio store init cassandra --create-database',
    'auxilio store init --all --create-database --sample-data',
  ],
  async run(context) {
    const name = nameOrAll(context);
    const createDatabase = context.options['createDatabase'] === true;
    return withApp(context, async (app) => {
      const targets = await chosenTargets(app, name);
      const code = await forEachTarget(context, targets, async ({ name: store, plan, context: opening }) => {
        const { init } = plan.backend.upkeep ?? {};
        if (!init) {
          context.print(`${store}: ${plan.backend.use} makes what it needs when it opens`);
          return;
        }
        const how = { createDatabase, label: plan.label, signal: context.signal };
        const lines = await init(plan.options, opening, how);
        for (const line of lines.length > 0 ? lines : ['all is there']) context.print(`${store}: ${line}`);
      });
      if (code !== 0 || context.options['sampleData'] !== true) return code;
      const { sendSamples } = await import('../../send-sample.ts');
      for (const line of await sendSamples(app.configuration, { signal: context.signal }))
        context.print(line);
      return 0;
    });
  },
});
