/** A command: one file in `commands/`, default export named after the file. */
import type { Configuration } from './config/configuration.ts';
import type { SectionName } from './config/sections.ts';

export interface CommandContext {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** Read once, when first asked for; rejects with `SettingsError`. */
  configuration(): Promise<Configuration>;
  /** Columns of the terminal that stdout is; undefined for a pipe or a file. */
  readonly columns: number | undefined;
  /** A line on stdout. */
  print(text: string): void;
  /** What `--help` prints, on stdout. */
  help(): void;
  /** A line on stderr. */
  warn(text: string): void;
  /** Aborts on SIGINT and SIGTERM; a second signal ends the process at once. */
  readonly signal: AbortSignal;
  /** Something may never come to an end: once the command has resolved or rejected, the process ends without it. */
  leaveBehind(): void;
  /** Lines of stdin, when it is not a terminal; else none. */
  stdinLines(): AsyncIterable<string>;
}

export interface CommandOption {
  /** Commander's form: `-a, --annotation <key=value>`. */
  readonly flags: string;
  readonly doc: string;
  readonly default?: string;
  /** May be given several times. */
  readonly many?: boolean;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Commander's form: `<id> [ids...]`. */
  readonly args?: string;
  readonly options?: readonly CommandOption[];
  /** Sections whose settings `--help` lists. */
  readonly sections?: readonly SectionName[];
  /** Whole lines, for `--help`. */
  readonly examples?: readonly string[];
  readonly subcommands?: readonly Command[];
  /** Resolves with the exit code; nothing is 0. Absent when it only has subcommands. */
  run?(context: CommandContext): Promise<number | undefined>;
}

export const defineCommand = (command: Command): Command => command;

/** A mistake in how a command was called: one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something that could not be done, said in one line; exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
