/** How a queue backend introduces itself. */
import type { Log } from '../lib/log.ts';
import { parseSettings, type SettingsSchema } from '../lib/settings.ts';
import type { CrashQueue } from './contract.ts';

export interface QueueContext {
  /** Where an embedded queue lives unless told otherwise; absolute. */
  readonly dataDir: string;
  readonly log: Log;
}

export interface QueueBackend {
  /** The same as `use`: what `loadModule` asks of every definition. */
  readonly name: string;
  readonly use: string;
  readonly schema: SettingsSchema<object>;
  open(
    options: Readonly<Record<string, unknown>>,
    context: QueueContext,
    label?: (key: string) => string,
  ): Promise<CrashQueue>;
}

export interface QueueDefinition<O extends object> {
  readonly use: string;
  readonly schema: SettingsSchema<O>;
  open(options: O, context: QueueContext): Promise<CrashQueue>;
}

export function defineQueue<O extends object>(definition: QueueDefinition<O>): QueueBackend {
  return {
    name: definition.use,
    use: definition.use,
    schema: definition.schema as unknown as SettingsSchema<object>,
    open: (options, context, label) =>
      definition.open(parseSettings(definition.schema, options, label), context),
  };
}
