/** A walker: one file in `walkers/`, its default export named after the file. It knows one tool. */
import type { Log } from '../lib/log.ts';
import type { StackWalk } from '../model/processed-crash.ts';
import type { MinidumpData } from './minidump/data.ts';
import type { ToolLimits } from './run-tool.ts';

export interface WalkerContext {
  /** Path of the tool as the operator gave it; empty when it is to be looked for. */
  readonly command: string;
  /** Folders in which tools are looked for, in order. */
  readonly toolFolders: readonly string[];
  /** A folder for copies of tools that have lost their executable bit. */
  readonly toolCache: string;
  readonly limits: ToolLimits;
  readonly log: Log;
}

export interface WalkerInput {
  readonly path: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly scratch: string;
  /** Folders of symbol files, `NAME/DEBUGID/NAME.sym`. */
  readonly symbolFolders: readonly string[];
  /** What our own reader found. */
  readonly data: MinidumpData;
}

export interface WalkerResult {
  /** Undefined when the tool gave nothing that can be used. */
  readonly walk: StackWalk | undefined;
  /** The tool's own word for what went wrong; `unknown error` when it has none. */
  readonly status: string;
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stderr: string;
  readonly notes: readonly string[];
}

/** A tool that was found and runs. */
export interface OpenWalker {
  /** Tool and version. */
  readonly tool: string;
  /** Rejects only on abort and when the tool cannot be started. */
  walk(input: WalkerInput, options: { readonly signal: AbortSignal | undefined }): Promise<WalkerResult>;
}

export interface Walker {
  readonly name: string;
  /** `auto` takes the first that is there, lowest rank first. */
  readonly rank: number;
  /** Undefined when the tool is nowhere to be found. Rejects with `SettingsError` when the one asked for does not run. */
  open(context: WalkerContext): Promise<OpenWalker | undefined>;
}

export const defineWalker = (walker: Walker): Walker => walker;
