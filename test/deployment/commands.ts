/** Whether a command line that a deployment file has is one that the program understands. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../../src/app/command.ts';
import { fixedKeys } from '../../src/app/config/configuration.ts';
import { repository } from '../build/running-auxilio.ts';

async function commandNamed(name: string): Promise<Command | undefined> {
  const file = join(repository, 'src/app/commands', `${name}.ts`);
  if (!existsSync(file)) return undefined;
  return ((await import(file)) as { readonly default: Command }).default;
}

/** What is wrong with `crontabber --loop`, in words; undefined when nothing is. */
export async function faultOfCommand(line: string): Promise<string | undefined> {
  const [name = '', ...words] = line.split(' ').filter(Boolean);
  let command = await commandNamed(name);
  if (command === undefined) return `no command ${name}`;
  for (const word of words) {
    if (word.startsWith('-')) {
      const known = command.options?.some(({ flags }) => flags.split(/[ ,]+/).includes(word));
      if (known !== true) return `${command.name} has no option ${word}`;
      continue;
    }
    const deeper: Command | undefined = command.subcommands?.find((one) => one.name === word);
    if (deeper === undefined) return `${command.name} has no subcommand ${word}`;
    command = deeper;
  }
  return command.run === undefined ? `${command.name} needs a subcommand` : undefined;
}

/** Names of settings that the program does not have. NODE_ENV is Node's. */
export function unknownKeys(keys: readonly string[]): readonly string[] {
  const meta = ['AUXILIO_ENV_FILES', 'AUXILIO_CONFIG_DIR', 'NODE_ENV'];
  return keys.filter((key) => !fixedKeys().has(key) && !meta.includes(key));
}
