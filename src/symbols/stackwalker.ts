/** The seam between the processor and whatever walks stacks. */
import type { StackWalk } from '../model/processed-crash.ts';
import type { CallOptions, Dump } from '../model/report.ts';

export interface WalkRequest {
  readonly dump: Dump;
  /** The client's annotations: some walkers read them. */
  readonly annotations: Readonly<Record<string, string>>;
  /** A folder of the caller's for this walk's own files; the caller removes it. */
  readonly scratch: string;
}

export interface WalkOutcome {
  /** Always there; its `status` is `OK` or says why nothing could be walked. */
  readonly walk: StackWalk;
  /** Exit code of the tool; negative is a signal (-9 a time-out), null when none ran. */
  readonly exitCode: number | null;
  /** Tool and version, e.g. `minidump-stackwalk 0.27.0`, or `auxilio minidump reader`. */
  readonly tool: string;
  /** The tool's last lines of stderr: protected, it may hold client data. */
  readonly stderr: string;
  /** Lines for the person who reads the crash; never client data. */
  readonly notes: readonly string[];
}

/** Walks every thread of a dump. A broken dump is an outcome, not an error: it rejects only on abort or when no tool can be run. */
export interface Stackwalker {
  readonly name: string;
  walk(request: WalkRequest, options?: CallOptions): Promise<WalkOutcome>;
  close(): Promise<void>;
}
