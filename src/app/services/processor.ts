import { systemClock } from '../../lib/clock.ts';
import { loadRules } from '../../processor/load-rules.ts';
import { Pipeline } from '../../processor/pipeline.ts';
import { Processor } from '../../processor/processor.ts';
import { UnsavedResults } from '../../processor/unsaved-results.ts';
import { FIELDS } from '../../search/field-list.ts';
import { can, need } from '../../storage/contract.ts';
import type { Opening } from '../app.ts';
import { unsavedFolder } from '../unsaved-folder.ts';

export async function open({ configuration, log, app }: Opening): Promise<Processor> {
  const settings = configuration.settings.processor;
  const stores = await app.stores();
  const reporter = await app.reporter();
  const destination = need(
    await stores.get(settings.destination, 'PROCESSOR_DESTINATION'),
    'PROCESSOR_DESTINATION',
    'processed.write',
  );
  if (can(destination, 'search')) await destination.applyFields(FIELDS);
  const signatures = await app.signatures();
  await signatures.watch();
  const pipeline = new Pipeline(await loadRules(settings.rules, configuration.cwd), {
    services: { stackwalker: await app.stackwalker(), signatures },
    clock: systemClock,
    log,
    onFailure(rule, error, raw) {
      const tags = { rule, crashId: raw.id };
      reporter.report({ service: 'processor', error, tags, quotesClient: true });
    },
  });
  return new Processor(
    {
      source: need(await stores.get(settings.source), 'PROCESSOR_SOURCE', 'raw.read', 'dumps.read'),
      destination,
      queue: await app.queue(),
      pipeline,
      unsaved: new UnsavedResults(unsavedFolder(configuration)),
      reporter,
      log,
    },
    settings,
  );
}
