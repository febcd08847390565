/** Whether engines run through Docker Compose, by what a `docker` on PATH answers; what it is then asked for. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { down, status, up } from '../../scripts/engines/bring.ts';
import type { EngineDefinition } from '../../scripts/engines/definition.ts';
import { dockerAnswers } from '../../scripts/engines/docker.ts';
import { ENGINES } from '../../scripts/engines/registry.ts';
import type { Ground } from '../../scripts/engines/state.ts';
import { toyEngine } from '../build/toy-engine.ts';

let folder: string;
let ground: Ground;
const silent = (): void => undefined;
/** Each starts Node several times, on a machine that runs other tests beside. */
vi.setConfig({ testTimeout: 120_000 });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'auxilio-docker-test-'));
  ground = { state: join(folder, 'state'), cache: join(folder, 'cache') };
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A `docker` that writes down how it is called and ends as the shell lines say. */
function fakeDocker(lines: string): () => string {
  const programs = join(folder, 'programs');
  mkdirSync(programs, { recursive: true });
  const calls = join(folder, 'calls');
  writeFileSync(join(programs, 'docker'), `#!/bin/sh\necho "PORT=$TOY_PORT $*" >> ${calls}\n${lines}\n`);
  chmodSync(join(programs, 'docker'), 0o755);
  vi.stubEnv('PATH', `${programs}${delimiter}${process.env['PATH']}`);
  return () => (existsSync(calls) ? readFileSync(calls, 'utf8') : '');
}

/** What the container would be: it answers on the port where the engine is asked for. */
async function serve(port: number): Promise<Server> {
  const server = createServer((_request, response) => response.end('17'));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

const contained = (changes: Partial<EngineDefinition> = {}): EngineDefinition =>
  toyEngine('answers', { container: { service: 'toy', ports: ['TOY_PORT'] }, ...changes });

describe('the daemon', () => {
  it.each([
    ['answers when it and Compose do', 'exit 0', true],
    ['does not when there is none', 'exit 1', false],
    ['does not when the command has no Compose', '[ "$1" = info ]', false],
  ])('%s', async (_title, lines, expected) => {
    fakeDocker(lines);
    expect(await dockerAnswers()).toBe(expected);
  });

  it('does not answer where there is no docker', async () => {
    vi.stubEnv('PATH', join(folder, 'nothing'));
    expect(await dockerAnswers()).toBe(false);
  });
});

describe('an engine', () => {
  it('runs natively without a daemon', async () => {
    const calls = fakeDocker('exit 1');
    const state = await up(contained(), silent, ground);
    expect(state).toMatchObject({ version: '1' });
    expect(calls()).toBe('PORT= info\n');
    await down(contained(), ground);
  });

  it('runs natively when it is no service, whatever answers', async () => {
    const calls = fakeDocker('exit 0');
    expect(await up(toyEngine('answers'), silent, ground)).toMatchObject({ version: '1' });
    expect(calls()).toBe('');
    await down(toyEngine('answers'), ground);
  });

  it('stays as it runs when a daemon appears', async () => {
    const first = await up(contained(), silent, ground);
    const calls = fakeDocker('exit 0');
    expect(await up(contained(), silent, ground)).toEqual(first);
    expect(calls()).toBe('');
    await down(contained(), ground);
  });

  it('is a service where one answers: published at its ports, once, and stopped with its data', async () => {
    const calls = fakeDocker(`case "$*" in *" ps "*) echo c0ffee;; inspect*) echo ${process.pid};; esac`);
    let container: Server | undefined;
    const toy = contained({
      install: () => Promise.reject(new Error('nothing is installed for a container')),
      ask: async (place) => {
        container ??= await serve(place.ports[0] ?? 0);
        return toyEngine('answers').ask(place);
      },
    });

    const state = await up(toy, silent, ground);
    const port = 'missing' in state ? '' : new URL(state.url).port;
    expect(state).toEqual({ url: `http://127.0.0.1:${port}`, version: '17', pid: process.pid });
    const compose = `PORT=${port} compose --file \\S+/docker-compose\\.yml --project-name auxilio-engine-[0-9a-f]{8} --profile engines`;
    expect(calls()).toMatch(new RegExp(`^${compose} up --detach --wait --wait-timeout 300 toy$`, 'm'));
    expect(calls()).toContain('inspect --format {{.State.Pid}} c0ffee');

    expect(await up(toy, silent, ground)).toEqual(state);
    expect(await status(toy, ground)).toEqual(state);
    expect(calls().match(/ up /g)).toHaveLength(1);

    await down(toy, ground);
    expect(calls()).toMatch(new RegExp(`^${compose} stop toy$`, 'm'));
    expect(calls()).not.toMatch(/--volumes|\bdown\b|\brm\b/);
    expect(await status(toy, ground)).toBeUndefined();
    container?.close();
  });

  it('says what Compose said when the container does not come up', async () => {
    fakeDocker('case "$*" in *" up "*) echo "no space left on device" >&2; exit 1;; esac');
    const state = await up(contained(), silent, ground);
    expect(state).toEqual({ missing: expect.stringMatching(/^docker compose .*: no space left on device$/) });
  });
});

it('has a service for every engine but those that must run beside the tests', () => {
  const native = ENGINES.filter(({ container }) => container === undefined).map(({ name }) => name);
  expect(native).toEqual(['swift', 'toxiproxy']);
});
