/** The job `dependency-check`: what is installed, and what is known of it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { advisoriesFor } from '../../../src/crontabber/dependencies/advisories.ts';
import { installedPackages } from '../../../src/crontabber/dependencies/installed-packages.ts';
import dependencyCheck from '../../../src/crontabber/jobs/dependency-check.ts';
import { onEachDialect } from '../../database/dialects.ts';
import { type Asked, feedServer } from '../feeds/feed-server.ts';
import { benchFolder, openBench, runJob } from './job-bench.ts';

async function install(root: string, path: string, file: object): Promise<void> {
  await mkdir(join(root, path), { recursive: true });
  await writeFile(join(root, path, 'package.json'), JSON.stringify(file));
}

/** Two versions of one package, one for another platform, one for development, a circle. */
async function site(): Promise<string> {
  const root = await benchFolder();
  await install(root, '.', {
    name: 'auxilio',
    version: '1.0.0',
    dependencies: { a: '1', '@s/b': '1' },
    devDependencies: { dev: '1' },
  });
  await install(root, 'node_modules/a', {
    name: 'a',
    version: '1.2.3',
    dependencies: { c: '1', '@s/b': '1' },
  });
  await install(root, 'node_modules/a/node_modules/c', { name: 'c', version: '1.0.0' });
  await install(root, 'node_modules/@s/b', {
    name: '@s/b',
    version: '0.1.0',
    dependencies: { c: '2', a: '1' },
    optionalDependencies: { windows: '1' },
  });
  await install(root, 'node_modules/c', { name: 'c', version: '2.0.0' });
  await install(root, 'node_modules/dev', { name: 'dev', version: '1.0.0' });
  return root;
}

interface Query {
  readonly package: { readonly name: string; readonly ecosystem: string };
  readonly version: string;
  readonly page_token?: string;
}

const questions = ({ body }: Asked): readonly Query[] =>
  (JSON.parse(body) as { readonly queries: readonly Query[] }).queries;

/** As https://google.github.io/osv.dev/post-v1-querybatch/ says; `c` has two pages. */
const osv = (known: () => Readonly<Record<string, readonly string[]>>) => (asked: Asked) => ({
  body: {
    results: questions(asked).map(({ package: { name }, version, page_token }) => {
      const ids = known()[`${name}@${version}`];
      if (!ids) return {};
      const [first, ...rest] = ids;
      if (page_token === undefined && rest.length > 0)
        return { vulns: [{ id: first, modified: '2024-01-01T00:00:00Z' }], next_page_token: 'more' };
      return {
        vulns: (page_token === undefined ? ids : rest).map((id) => ({
          id,
          modified: '2024-01-01T00:00:00Z',
        })),
      };
    }),
  },
});

onEachDialect((dialect) => {
  it('tells each hole once, and forgets those that were mended', async () => {
    const database = await openBench(dialect);
    let known: Record<string, readonly string[]> = { 'c@1.0.0': ['GHSA-1', 'GHSA-2'] };
    const server = await feedServer(osv(() => known));
    const folders = { package: await site() } as never;
    const run = () =>
      runJob(dependencyCheck, {
        settings: { dependency_check_url: `${server.url.href}v1/querybatch` },
        services: { database, folders },
      });
    expect((await run()).alerts).toEqual([
      'an installed package has a known hole: c@1.0.0 GHSA-1',
      'an installed package has a known hole: c@1.0.0 GHSA-2',
    ]);
    expect(
      questions(server.asked[0] as Asked).map(
        ({ package: p, version }) => `${p.ecosystem} ${p.name}@${version}`,
      ),
    ).toEqual(['npm @s/b@0.1.0', 'npm a@1.2.3', 'npm c@1.0.0', 'npm c@2.0.0']);
    expect((await run()).alerts).toEqual([]);
    known = { 'c@1.0.0': ['GHSA-2'], 'a@1.2.3': ['GHSA-3'] };
    expect((await run()).alerts).toEqual(['an installed package has a known hole: a@1.2.3 GHSA-3']);
    known = { 'c@1.0.0': ['GHSA-1', 'GHSA-2'] };
    expect((await run()).alerts).toHaveLength(1);
  });

  it('takes no answer for a good one that is none', async () => {
    const database = await openBench(dialect);
    const server = await feedServer(() => ({ body: { results: [] } }));
    const folders = { package: await site() } as never;
    const run = runJob(dependencyCheck, {
      settings: { dependency_check_url: server.url.href },
      services: { database, folders },
    });
    await expect(run).rejects.toMatchObject({ code: 'malformed' });
  });
});

describe('packages', () => {
  it('are found as Node finds them: of this installation, too', async () => {
    const packages = await installedPackages(join(import.meta.dirname, '../../..'));
    const names = packages.map(({ name }) => name);
    expect(names).toContain('kysely');
    expect(names).toContain('fastify');
    expect(names).not.toContain('auxilio');
    expect(names).not.toContain('vitest');
  });

  it('are asked for in pages of 500', async () => {
    const server = await feedServer(osv(() => ({ 'p700@1.0.0': ['GHSA-7'] })));
    const packages = Array.from({ length: 1001 }, (_, i) => ({ name: `p${i}`, version: '1.0.0' }));
    expect(await advisoriesFor(packages, server.url.href)).toEqual([
      { name: 'p700', version: '1.0.0', id: 'GHSA-7' },
    ]);
    expect(server.asked.map((asked) => questions(asked).length)).toEqual([500, 500, 1]);
  });
});
