/** How a queue backend introduces itself. */
import type { Log } from '../lib/log.ts';
import { parseSettings, type SettingsSchema } from '../lib/settings.ts';
import type { CallOptions } from '../model/report.ts';
import type { CrashQueue } from './contract.ts';

export interface QueueContext {
  /** Where an embedded queue lives unless told otherwise; absolute. */
  readonly dataDir: string;
  readonly log: Log;
  /** The longest that a task may be in hand before its handler gives up; for queues that take it back after a time. */
  readonly longestTaskMs?: number;
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
  /**
   * Looks whether it could be opened, and makes nothing on its server. Resolves with what opening will make, by name;
   * rejects as `open` would. Absent: opening makes nothing that others see.
   */
  readonly inspect?:
    | ((
        options: Readonly<Record<string, unknown>>,
        context: QueueContext,
        label?: (key: string) => string,
        call?: CallOptions,
      ) => Promise<readonly string[]>)
    | undefined;
  /** Forgets every task, dead ones and those in hand too, for development. Absent: it is emptied task by task. */
  readonly wipe?:
    | ((
        options: Readonly<Record<string, unknown>>,
        context: QueueContext,
        label?: (key: string) => string,
      ) => Promise<void>)
    | undefined;
}

export interface QueueDefinition<O extends object> {
  readonly use: string;
  readonly schema: SettingsSchema<O>;
  /** `label` turns a key into what the operator wrote, for messages: `QUEUE_URL`. */
  open(options: O, context: QueueContext, label: (key: string) => string): Promise<CrashQueue>;
  inspect?(
    options: O,
    context: QueueContext,
    label: (key: string) => string,
    call: CallOptions,
  ): Promise<readonly string[]>;
  wipe?(options: O, context: QueueContext): Promise<void>;
}

export function defineQueue<O extends object>(definition: QueueDefinition<O>): QueueBackend {
  const { inspect, wipe } = definition;
  return {
    name: definition.use,
    use: definition.use,
    schema: definition.schema as unknown as SettingsSchema<object>,
    open: (options, context, label = (key) => key) =>
      definition.open(parseSettings(definition.schema, options, label), context, label),
    inspect:
      inspect &&
      (async (options, context, label = (key) => key, call = {}) =>
        inspect(parseSettings(definition.schema, options, label), context, label, call)),
    wipe:
      wipe &&
      (async (options, context, label) => wipe(parseSettings(definition.schema, options, label), context)),
  };
}
