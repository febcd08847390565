/** The command line: settings as options, commands from their folder, one line for every error. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Command as Commander, CommanderError } from 'commander';
import { isAborted, throwIfAborted } from '../lib/abort.ts';
import { loadFolder } from '../lib/load-folder.ts';
import { nearest } from '../lib/settings.ts';
import { keepYoungHeapSmall } from '../lib/young-heap.ts';
import { type Command, type CommandContext, UsageError } from './command.ts';
import { splitSettings } from './config/command-line.ts';
import { type Configuration, fixedKeys, loadConfiguration } from './config/configuration.ts';
import { describeSettings, optionOf } from './config/describe.ts';
import { processSources } from './config/values.ts';
import { leave } from './leave.ts';
import { packageVersion } from './package-root.ts';

const COMMANDS = fileURLToPath(new URL('./commands', import.meta.url));

interface Run {
  readonly settings: ReadonlyMap<string, string>;
  readonly stop: Stop;
  readonly remains: Remains;
  exitCode: number;
}

/** What a command has left that may never come to an end. */
interface Remains {
  isStuck: boolean;
}

/** Why the process is to stop: a signal, or that nobody reads its output any more. */
interface Stop {
  readonly signal: AbortSignal;
  /** What a command that was stopped half-way ends with. */
  exitCode(): number;
  /** Whether output could not be written, on a full disk for example: a command that ran to its end did not succeed either. */
  isOutputLost(): boolean;
}

async function* stdinLines(signal: AbortSignal): AsyncIterable<string> {
  if (process.stdin.isTTY) return;
  const input = { input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY, signal };
  for await (const line of createInterface(input)) yield line;
  throwIfAborted(signal);
}

function contextOf(run: Run, commander: Commander): CommandContext {
  const options = commander.optsWithGlobals() as Record<string, unknown>;
  let configuration: Promise<Configuration> | undefined;
  return {
    args: commander.processedArgs.flat().filter((arg): arg is string => typeof arg === 'string'),
    options,
    configuration: () => {
      configuration ??= loadConfiguration(
        processSources(run.settings, (options['config'] as string[] | undefined) ?? []),
      );
      return configuration;
    },
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    print: (text) => void process.stdout.write(`${text}\n`),
    help: () => commander.outputHelp(),
    warn: (text) => void process.stderr.write(`${text}\n`),
    signal: run.stop.signal,
    leaveBehind: () => {
      run.remains.isStuck = true;
    },
    stdinLines: () => stdinLines(run.stop.signal),
  };
}

const ENGINE_SETTINGS = `Stores and queue: --store-NAME-use, --queue-use and the options of each, docs/reference/config.md.
\`auxilio config\` prints what is in force, and from where.`;

/** `auxilio store get`. */
function pathOf(commander: Commander): string {
  return commander.parent ? `${pathOf(commander.parent)} ${commander.name()}` : commander.name();
}

/** One line that says what is wrong, what may have been meant, and where to look. */
const explainMistakes = (commander: Commander): Commander =>
  commander.configureOutput({
    outputError(text, write) {
      const near = text.includes('Did you mean') ? undefined : nearSetting(text);
      const parts = [...text.trim().split('\n'), ...(near ? [near] : [])];
      write(`${parts.join(' ').replace(/\.$/, '')}; see ${pathOf(commander)} --help\n`);
    },
  });

function addCommand(parent: Commander, command: Command, run: Run): void {
  const commander = explainMistakes(parent.command(command.name).description(command.summary));
  if (command.args) commander.arguments(command.args);
  commander.option('--config <file...>', 'ENV files to read instead of the default ones');
  for (const option of command.options ?? []) {
    if (option.many)
      commander.option(option.flags, option.doc, (value: string, all?: string[]) => [...(all ?? []), value]);
    else commander.option(option.flags, option.doc, option.default);
  }
  for (const sub of command.subcommands ?? []) addCommand(commander, sub, run);
  const settings = describeSettings(command.sections ?? []);
  const examples = (command.examples ?? []).map((example) => `  ${example}`);
  if (settings)
    commander.addHelpText('after', `\nSettings (--web-port is WEB_PORT in the environment):\n${settings}`);
  if (settings) commander.addHelpText('after', `\n${ENGINE_SETTINGS}`);
  if (examples.length > 0) commander.addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
  const action = command.run;
  if (!action) return;
  commander.action(async () => {
    run.exitCode = (await action(contextOf(run, commander))) ?? 0;
  });
}

/** The lines under a wiring error that show its place. */
const HAS_CARET = /\n *\^$/;

function oneLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return HAS_CARET.test(error.message) ? error.message : error.message.replace(/\s*\n\s*/g, '; ');
}

// `npm start` and a Ctrl-C: the terminal signals every process, and npm (11.19.1) passes its own signal on, so one key
// comes twice within milliseconds. Seen in a pseudo-terminal; test: test/app/stopping.test.ts.
const ECHO_MS = 300;

/** Aborts on the first SIGINT or SIGTERM; the second one ends the process. A closed pipe stops too, as a success. */
function stopOnSignals(): Stop {
  const controller = new AbortController();
  let exitCode = 0;
  let firstAt = 0;
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted && exitCode !== 0) {
      if (performance.now() - firstAt < ECHO_MS) return;
      process.exit(exitCode);
    }
    firstAt = performance.now();
    exitCode = name === 'SIGINT' ? 130 : 143;
    controller.abort(new Error(`stopped by ${name}`));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  let isOutputLost = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `auxilio store list DAY | head`: nobody wants the rest.
    if (error.code === 'EPIPE') return controller.abort(new Error('nobody reads the output'));
    if (isOutputLost) return;
    isOutputLost = true;
    process.stderr.write(`stdout cannot be written (${error.code ?? error.message})\n`);
    exitCode = 1;
    // The last line may fail after the command has ended.
    process.exitCode = exitCode;
    controller.abort(error);
  });
  // There is nobody left to tell, and the exit code is still to be the command's own.
  process.stderr.on('error', () => undefined);
  return { signal: controller.signal, exitCode: () => exitCode, isOutputLost: () => isOutputLost };
}

/** An option that nobody knows is most often a setting with a slip in it. */
function nearSetting(message: string): string | undefined {
  const option = /unknown option '--([^'=]+)/.exec(message)?.[1];
  const near = option && nearest(option.replaceAll('-', '_').toUpperCase(), fixedKeys().keys());
  return near ? `(Did you mean ${optionOf(near)}?)` : undefined;
}

async function parse(program: Commander, argv: readonly string[], run: Run): Promise<number> {
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return run.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
}

async function run(bin: string, argv: readonly string[], stop: Stop, remains: Remains): Promise<number> {
  const { settings, rest } = splitSettings(bin === 'auxilio' ? argv : [bin, ...argv]);
  const program = new Commander('auxilio')
    .description('Crash reports in, signatures and answers out.')
    .version(packageVersion)
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: false });
  const state: Run = { settings, stop, remains, exitCode: 0 };
  for (const command of await loadFolder<Command>(COMMANDS)) addCommand(program, command, state);
  exitInsteadOfThrowing(program);
  explainMistakes(program);
  return parse(program, rest, state);
}

/**
 * Runs one of the package's programs. `crontabber X` and `signature X` are `auxilio crontabber X` and
 * `auxilio signature X`. Sets the process's exit code: 0 done, 1 could not be done, 2 called wrongly.
 */
export async function main(
  bin: 'auxilio' | 'crontabber' | 'signature',
  argv: readonly string[],
): Promise<void> {
  keepYoungHeapSmall();
  const stop = stopOnSignals();
  const remains: Remains = { isStuck: false };
  try {
    const code = await run(bin, argv, stop, remains);
    process.exitCode = stop.isOutputLost() ? 1 : code;
  } catch (error) {
    if (stop.signal.aborted && isAborted(error)) process.exitCode = stop.exitCode();
    else {
      process.stderr.write(`${oneLine(error)}\n`);
      process.exitCode = error instanceof UsageError ? 2 : 1;
    }
  }
  if (remains.isStuck) await leave(process.exitCode);
}

/** `exitOverride` is not inherited by commands made before it; here every one gets it. */
function exitInsteadOfThrowing(commander: Commander): void {
  commander.exitOverride();
  for (const sub of commander.commands) exitInsteadOfThrowing(sub);
}
