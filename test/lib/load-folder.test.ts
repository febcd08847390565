import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoadError, loadFolder, loadModule } from '../../src/lib/load-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auxilio-load-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);

describe('loadFolder', () => {
  it('loads the default export of each file, sorted by name', async () => {
    await write('zebra.ts', 'export default { name: "zebra", legs: 4 as number };');
    await write('ant.js', 'export default { name: "ant", legs: 6 };');
    await write('ant.d.ts', 'export default {};');
    await write('README.md', '# animals');
    expect(await loadFolder(folder)).toEqual([
      { name: 'ant', legs: 6 },
      { name: 'zebra', legs: 4 },
    ]);
  });

  it.each([
    ['export const name = "x";', 'no default export'],
    ['export default {};', 'no default export with a name'],
    ['export default { name: "y" };', 'x.js exports y; the export is named as the file'],
    ['throw new Error("on purpose");', 'x.js cannot be loaded: on purpose'],
    ['export default {', 'x.js cannot be loaded'],
  ])('%s stops the start and names the file', async (text, message) => {
    await write('x.js', text);
    await expect(loadFolder(folder)).rejects.toThrow(LoadError);
    await expect(loadFolder(folder)).rejects.toThrow(message);
  });
});

describe('loadModule', () => {
  it('loads a path relative to its base, whatever the export is named', async () => {
    await write('mine.js', 'export default { name: "other" };');
    expect(await loadModule('./mine.js', folder)).toEqual({ name: 'other' });
    expect(await loadModule(join(folder, 'mine.js'), '/nowhere')).toEqual({ name: 'other' });
  });

  it('loads an installed package', async () => {
    const home = join(folder, 'node_modules', 'my-queue');
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'package.json'), '{"name":"my-queue","type":"module","exports":"./main.js"}');
    await writeFile(join(home, 'main.js'), 'export default { name: "mine" };');
    expect(await loadModule('my-queue', folder)).toEqual({ name: 'mine' });
  });

  it('says what it looked for', async () => {
    await expect(loadModule('not-there', folder)).rejects.toThrow(
      'not-there is neither a path nor an installed package',
    );
    await expect(loadModule('./not-there.js', folder)).rejects.toThrow('cannot be loaded');
  });
});
