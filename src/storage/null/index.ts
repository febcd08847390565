/** Takes crashes and drops them, which is its declared purpose: for load tests and for turning a branch off. */
import type { CallOptions } from '../../model/report.ts';
import { CallGate } from '../call-gate.ts';
import { type Capability, type CrashStorage, HEALTHY, type Health } from '../contract.ts';
import { defineBackend } from '../definition.ts';

/** It reads nothing, so it declares no reading; it holds nothing, so removing from it is true to its word. */
const CAPABILITIES = ['report.write', 'processed.write', 'remove'] as const satisfies readonly Capability[];

class NullStorage implements CrashStorage<(typeof CAPABILITIES)[number]> {
  readonly name: string;
  readonly use = 'null';
  readonly capabilities: ReadonlySet<Capability> = new Set(CAPABILITIES);
  readonly children = [];
  readonly #gate: CallGate;

  constructor(name: string) {
    this.name = name;
    this.#gate = new CallGate(name);
  }

  saveReport(_report: unknown, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => undefined);
  }

  saveProcessed(_raw: unknown, _processed: unknown, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => undefined);
  }

  remove(_id: unknown, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, async () => false);
  }

  health(options?: CallOptions): Promise<Health> {
    return this.#gate.run(options, async () => HEALTHY);
  }

  close(options?: CallOptions): Promise<void> {
    return this.#gate.close(options);
  }
}

export default defineBackend<object>({
  use: 'null',
  schema: {},
  capabilities: () => CAPABILITIES,
  open: async (_options, { name }) => new NullStorage(name),
});
