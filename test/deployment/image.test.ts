/** The Dockerfile: what it copies is there and not ignored, what it runs is there, and it does not run as root. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../build/running-auxilio.ts';
import { faultOfCommand, unknownKeys } from './commands.ts';

const read = (name: string): string => readFileSync(join(repository, name), 'utf8');

interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** Stages, each a list of instructions whose continued lines are one. */
const stages: readonly (readonly Instruction[])[] = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter(Boolean)
  .map((line) => ({ word: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }))
  .reduce<Instruction[][]>((all, one) => {
    if (one.word === 'FROM') all.push([]);
    all.at(-1)?.push(one);
    return all;
  }, []);

const [build = [], image = []] = stages;
const all = (stage: readonly Instruction[], word: string): readonly string[] =>
  stage.filter((one) => one.word === word).map(({ rest }) => rest);

/** Whether the build context has it, by .dockerignore: its last line that matches. */
function inContext(path: string): boolean {
  let ignored = false;
  for (const line of read('.dockerignore').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const pattern = line.replace(/^!/, '');
    if (pattern === '*' || path === pattern || path.startsWith(`${pattern}/`))
      ignored = !line.startsWith('!');
  }
  return !ignored;
}

describe('the image', () => {
  it('is made in two stages, on a Node that the program runs on', () => {
    expect(stages).toHaveLength(2);
    const needed = Number(/>=(\d+)/.exec(JSON.parse(read('package.json')).engines.node)?.[1]);
    for (const stage of stages) {
      const major = Number(/^node:(\d+)-\w+-slim/.exec(all(stage, 'FROM')[0] ?? '')?.[1]);
      expect(major).toBeGreaterThanOrEqual(needed);
    }
  });

  it('copies what there is', () => {
    const copied = [...all(build, 'COPY'), ...all(image, 'COPY')].filter(
      (rest) => !rest.startsWith('--from'),
    );
    const sources = copied.flatMap((rest) => rest.split(' ').slice(0, -1));
    expect(sources.length).toBeGreaterThan(6);
    for (const source of sources.filter((one) => one !== '.'))
      expect([source, existsSync(join(repository, source)), inContext(source)]).toEqual([source, true, true]);
    const made = all(image, 'COPY').filter((rest) => rest.startsWith('--from=build '));
    expect(made.map((rest) => rest.split(' ')[1])).toEqual([
      '/build/node_modules',
      '/build/dist',
      '/build/vendor',
    ]);
  });

  it('gets no settings and no data of whoever builds it', () => {
    for (const path of ['config/my.env', 'data/spool', '.engines/postgres', '.git/config', 'node_modules/pg'])
      expect([path, inContext(path)]).toEqual([path, false]);
    for (const path of ['src/app/main.ts', 'config/embedded.env', 'scripts/build.ts', 'tsconfig.build.json'])
      expect([path, inContext(path)]).toEqual([path, true]);
  });

  it('builds with what the build needs', () => {
    for (const [, file = ''] of all(build, 'RUN')
      .join(' ')
      .matchAll(/node (\S+\.ts)/g))
      expect([file, existsSync(join(repository, file)), inContext(file)]).toEqual([file, true, true]);
  });

  it('does not run as root, and says by number as whom', () => {
    const [user = ''] = all(image, 'USER');
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const afterwards = image.slice(image.findIndex(({ word }) => word === 'USER'));
    expect(all(afterwards, 'RUN')).toEqual([]);
  });

  it('runs a command that there is, with settings that there are, and says how it is', async () => {
    expect(all(image, 'ENTRYPOINT')).toEqual(['["auxilio"]']);
    const [command = '[]'] = all(image, 'CMD');
    expect(await faultOfCommand((JSON.parse(command) as string[]).join(' '))).toBeUndefined();
    const keys = all(image, 'ENV').flatMap((rest) => rest.split(' ').map((pair) => pair.split('=')[0] ?? ''));
    expect(keys).toContain('DATA_DIR');
    expect(unknownKeys(keys)).toEqual([]);
    expect(all(image, 'HEALTHCHECK')[0]).toContain('/__heartbeat__');
  });
});
