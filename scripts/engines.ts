/**
 * `npm run engines -- up|down|restart|status [NAME…]`: the engines that tests run against, each on loopback with its
 * state in `.engines/NAME`. All of them unless some are named. What they keep survives `down`, `restart` and SIGKILL.
 */
import type { EngineState } from '../test/build/engines.ts';
import { down, status, up } from './engines/bring.ts';
import type { EngineDefinition } from './engines/definition.ts';
import { ENGINES } from './engines/registry.ts';

const USAGE = `usage: npm run engines -- up|down|restart|status [NAME…]
names: ${ENGINES.map(({ name }) => name).join(' ')}`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function show({ name }: EngineDefinition, state: EngineState): boolean {
  const there = !('missing' in state);
  say(there ? `${name} ${state.version}: ${state.url} (pid ${state.pid})` : `${name}: ${state.missing}`);
  return there;
}

/** Each says whether the engine is as it was asked to be. */
const COMMANDS: Readonly<Record<string, (engine: EngineDefinition) => Promise<boolean>>> = {
  up: async (engine) => show(engine, await up(engine, say)),
  async down(engine) {
    await down(engine);
    say(`${engine.name}: down`);
    return true;
  },
  async restart(engine) {
    await down(engine);
    return show(engine, await up(engine, say));
  },
  async status(engine) {
    const state = await status(engine);
    return show(engine, state ?? { missing: 'does not run, or does not answer' });
  },
};

async function main([verb = '', ...names]: readonly string[]): Promise<number> {
  const command = COMMANDS[verb];
  const unknown = names.filter((name) => !ENGINES.some((engine) => engine.name === name));
  if (command === undefined || unknown.length > 0) {
    process.stderr.write(`${unknown.length > 0 ? `no engine ${unknown.join(', ')}\n` : ''}${USAGE}\n`);
    return 2;
  }
  const wanted = ENGINES.filter(({ name }) => names.length === 0 || names.includes(name));
  const done = await Promise.all(wanted.map((engine) => command(engine)));
  return done.every(Boolean) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
