/** Sends each report on to other collectors: a stage server, another site, the successor of this one. */
import { Agent } from 'undici';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { CallOptions, Report } from '../../model/report.ts';
import { CallGate } from '../call-gate.ts';
import { type Capability, type CrashStorage, HEALTHY, type Health } from '../contract.ts';
import { refuseTwinDumps } from '../dump-bytes.ts';
import { combine } from '../errors.ts';
import { type Destination, isChosen } from './destination.ts';
import { Submitter, type SubmitterSettings } from './submitter.ts';

export const HTTP_CAPABILITIES = ['report.write'] as const satisfies readonly Capability[];

export interface HttpStorageOptions extends SubmitterSettings {
  readonly destinations: readonly Destination[];
  readonly connectTimeoutMs: number;
  readonly clock?: Clock;
}

export class HttpStorage implements CrashStorage<(typeof HTTP_CAPABILITIES)[number]> {
  readonly name: string;
  readonly use = 'http';
  readonly capabilities: ReadonlySet<Capability> = new Set(HTTP_CAPABILITIES);
  readonly children = [];
  readonly #gate: CallGate;
  readonly #agent: Agent;
  readonly #submitters: readonly Submitter[];

  constructor(name: string, options: HttpStorageOptions) {
    this.name = name;
    this.#gate = new CallGate(name);
    // Time limits of ours watch over the whole request (silence.ts).
    this.#agent = new Agent({
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#submitters = options.destinations.map(
      (destination) => new Submitter(name, destination, options, this.#agent, options.clock ?? systemClock),
    );
  }

  /**
   * To every destination that the report is chosen for, at once; rejects with all that failed. With a token the same
   * report twice is one crash there; without one each is a crash of its own.
   */
  saveReport(report: Report, options: CallOptions = {}): Promise<void> {
    return this.#gate.run(options, async () => {
      refuseTwinDumps(this.name, report.dumps);
      const chosen = this.#submitters.filter(({ destination }) => isChosen(destination, report.raw.id));
      await this.#all(chosen.map((submitter) => submitter.submit(report, options)));
    });
  }

  health(options: CallOptions = {}): Promise<Health> {
    return this.#gate.run(options, async () => {
      await this.#all(this.#submitters.map((submitter) => submitter.health(options)));
      return HEALTHY;
    });
  }

  async close(options?: CallOptions): Promise<void> {
    await this.#gate.close(options);
    await this.#agent.destroy();
  }

  async #all(calls: readonly Promise<void>[]): Promise<void> {
    const failures = (await Promise.allSettled(calls)).flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    if (failures.length > 0) throw combine(this.name, failures);
  }
}
