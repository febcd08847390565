/** Where stores are used, and what each place needs: checked before anything is opened. */
import { parseSettings, SettingsError } from '../../lib/settings.ts';
import { parseWritten, planStore } from '../../storage/definitions.ts';
import { checkWiring, describeWiring, type WiringNode, type WiringUse } from '../../storage/wiring.ts';
import type { Configuration } from './configuration.ts';

export interface StoreUse extends WiringUse {
  readonly expression: string;
}

export function storeUses({ settings }: Configuration): readonly StoreUse[] {
  const taskLimitMs = settings.processor.task_timeout;
  return [
    { label: 'COLLECTOR_STORAGE', expression: settings.collector.storage, needs: ['report.write'] },
    {
      label: 'PROCESSOR_SOURCE',
      expression: settings.processor.source,
      needs: ['raw.read', 'dumps.read'],
      taskLimitMs,
    },
    {
      label: 'PROCESSOR_DESTINATION',
      expression: settings.processor.destination,
      needs: ['processed.write'],
      taskLimitMs,
    },
    {
      label: 'WEB_SOURCE',
      expression: settings.web.source,
      needs: ['raw.read', 'dumps.read', 'processed.read'],
      interactive: true,
    },
    { label: 'WEB_SEARCH', expression: settings.web.search, needs: ['search'], interactive: true },
    ...(settings.symbols.symbols_store
      ? [{ label: 'SYMBOLS_STORE', expression: settings.symbols.symbols_store, needs: ['blobs'] as const }]
      : []),
    ...(settings.signature.lists_store
      ? [
          {
            label: 'SIGNATURE_LISTS_STORE',
            expression: settings.signature.lists_store,
            needs: ['blobs'] as const,
            interactive: true,
          },
        ]
      : []),
  ];
}

export interface DescribedUse {
  readonly use: StoreUse;
  readonly node: WiringNode;
}

/** Every place with its tree. Rejects with `SettingsError` when an expression cannot be read. */
export async function describeUses(configuration: Configuration): Promise<readonly DescribedUse[]> {
  const { stores: definitions, cwd: baseDir } = configuration;
  const described: DescribedUse[] = [];
  for (const use of storeUses(configuration)) {
    described.push({
      use,
      node: await describeWiring(use.expression, { definitions, baseDir, label: use.label }),
    });
  }
  return described;
}

/** The options of every defined store, used or not: a slip is found now and not when the store is first needed. */
async function checkOptions({ stores: definitions, cwd: baseDir }: Configuration): Promise<void> {
  for (const [name, definition] of definitions) {
    const label = definition.label('use');
    const plan = await planStore(parseWritten(name, label), { definitions, baseDir });
    parseSettings(plan.backend.schema, plan.options, plan.label);
  }
}

/** Rejects with `SettingsError` that names every place where something is missing or would wait for ever. */
export async function verifyUses(configuration: Configuration): Promise<void> {
  const problems = (await describeUses(configuration)).flatMap(({ use, node }) => checkWiring(node, use));
  if (problems.length > 0) throw new SettingsError(problems.join('; '));
  await checkOptions(configuration);
}
