/** The folder tree is the architecture: DESIGN's table of rooms, held against the imports. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allImports, cycles, forbidden, LAYERS, sourceFiles } from './build/imports.ts';

const repository = join(import.meta.dirname, '..');
const root = join(repository, 'src');
const arrows = allImports(root);
const LONGEST_FILE = 300;

describe('architecture', () => {
  it('has no folder that is not a room', () => {
    const folders = readdirSync(root).filter((name) => statSync(join(root, name)).isDirectory());
    expect(folders.filter((name) => !(name in LAYERS))).toEqual([]);
  });

  it('lets nobody import what stands above or beside it', () => {
    expect(arrows.length).toBeGreaterThan(200);
    expect(forbidden(arrows)).toEqual([]);
  });

  it('has no cycle', () => {
    expect(cycles(arrows)).toEqual([]);
  });

  it('finds its own violations', () => {
    const lies: readonly (readonly [string, string, string])[] = [
      ['storage/contract.ts', 'app/container.ts', 'lower layer'],
      ['collector/collector.ts', 'processor/processor.ts', 'one layer'],
      ['storage/fs/index.ts', 'storage/sqlite/index.ts', 'only the registry'],
      ['storage/containers/poly/index.ts', 'storage/memory/index.ts', 'only the registry'],
      ['storage/containers/poly/index.ts', 'storage/containers/fallback/index.ts', 'only the registry'],
      ['spool/mover.ts', 'queue/fs/index.ts', 'only the registry'],
      ['gadgets/thing.ts', 'lib/log.ts', 'not a room'],
      ['search/query.ts', 'storage/contract.ts', 'one layer'],
    ];
    for (const [from, to, why] of lies) expect(forbidden([{ from, to }]).join()).toContain(why);
    const circle = [
      { from: 'a.ts', to: 'b.ts' },
      { from: 'b.ts', to: 'a.ts' },
    ];
    expect(cycles(circle)).toEqual(['a.ts -> b.ts -> a.ts']);
  });

  it('reads the environment in one place', () => {
    const readers = sourceFiles(root).filter((file) =>
      readFileSync(join(root, file), 'utf8').includes('process.env'),
    );
    expect(readers).toEqual(['app/config/values.ts']);
  });

  describe.each(['src', 'test', 'bench', 'scripts'])('%s', (room) => {
    const folder = join(repository, room);
    const files = sourceFiles(folder);

    it('keeps files short', () => {
      expect(files.length).toBeGreaterThan(5);
      const long = files.filter(
        (file) => readFileSync(join(folder, file), 'utf8').split('\n').length > LONGEST_FILE + 1,
      );
      expect(long).toEqual([]);
    });

    it('has no drawer for everything', () => {
      const drawers = files.filter((file) =>
        /(^|\/)(utils?|helpers?|managers?|common|misc)(\.ts|\/)/.test(file),
      );
      expect(drawers).toEqual([]);
    });
  });
});
