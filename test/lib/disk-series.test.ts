import fs from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Disk, NodeDisk } from '../../src/lib/disk.ts';
import { type Calls, runBatch } from '../../src/lib/disk-batch.ts';
import { type DiskStep, SeriesError } from '../../src/lib/disk-steps.ts';
import { ThreadedDisk } from '../../src/lib/disk-thread.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'auxilio-series-'));
});
afterEach(() => rm(root, { recursive: true }));

/** Counts what it does without a thread. */
class CountingDisk extends ThreadedDisk {
  byHand = 0;

  override unlink(path: string): Promise<void> {
    this.byHand += 1;
    return super.unlink(path);
  }
}

/** Works until a wave of series went to threads alone. */
async function threaded(disk: CountingDisk): Promise<void> {
  const wave = Array.from(
    { length: 32 },
    (_, i): DiskStep => ({ do: 'unlink', path: join(root, `no-${i}`) }),
  );
  for (let before = -1; before !== disk.byHand; ) {
    before = disk.byHand;
    await Promise.all(wave.map((step) => disk.series([step])));
    await new Promise(setImmediate);
  }
}

const failure = async (work: Promise<void>): Promise<SeriesError> => {
  const error: unknown = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(SeriesError);
  return error as SeriesError;
};

const disks: readonly [string, () => Promise<{ readonly disk: Disk; close(): Promise<void> }>][] = [
  ['by single operations', async () => ({ disk: new NodeDisk(), close: async () => undefined })],
  [
    'by threads',
    async () => {
      const disk = new CountingDisk();
      await threaded(disk);
      return { disk, close: () => disk.close() };
    },
  ],
];

describe.each(disks)('a series %s', (_, open) => {
  let disk: Disk;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ disk, close } = await open());
  });
  afterEach(() => close());

  it('does what its steps say, many at once', { timeout: 60_000 }, async () => {
    await writeFile(join(root, 'dump'), 'bytes');
    const save = (i: number): Promise<void> => {
      const stage = join(root, `stage-${i}`);
      const leaf = join(root, `leaf-${i % 5}`);
      return disk.series([
        { do: 'check', path: root },
        { do: 'makeFolder', path: leaf },
        { do: 'syncFolder', path: root },
        { do: 'makeFolder', path: stage },
        { do: 'link', from: join(root, 'dump'), to: join(stage, '0.dump'), size: 5 },
        { do: 'create', path: join(stage, 'raw.json'), text: `{"ä":${i}}` },
        { do: 'syncFolder', path: stage },
        { do: 'rename', from: stage, to: join(leaf, `crash-${i}`) },
        { do: 'syncFolder', path: leaf },
        { do: 'create', path: join(leaf, `task-${i}`) },
        { do: 'unlink', path: join(root, 'is not there') },
      ]);
    };
    await Promise.all(Array.from({ length: 60 }, (_unused, i) => save(i)));
    for (let i = 0; i < 60; i += 1) {
      const crash = join(root, `leaf-${i % 5}`, `crash-${i}`);
      expect(await readFile(join(crash, 'raw.json'), 'utf8')).toBe(`{"ä":${i}}`);
      expect(await readFile(join(crash, '0.dump'), 'utf8')).toBe('bytes');
      expect(await readFile(join(root, `leaf-${i % 5}`, `task-${i}`), 'utf8')).toBe('');
    }
  });

  it('stops at a step that fails, says which and why, and harms no other', async () => {
    await mkdir(join(root, 'taken', 'full'), { recursive: true });
    await mkdir(join(root, 'mine'));
    const rename: DiskStep = { do: 'rename', from: join(root, 'mine'), to: join(root, 'taken') };
    const after: DiskStep = { do: 'create', path: join(root, 'after') };
    const good = disk.series([{ do: 'create', path: join(root, 'good'), text: 'x' }]);
    const { code, step } = await failure(
      disk.series([{ do: 'create', path: join(root, 'before'), text: '1' }, rename, after]),
    );
    expect([code, step]).toEqual(['ENOTEMPTY', 1]);
    await good;
    expect((await readdir(root)).sort()).toEqual(['before', 'good', 'mine', 'taken']);
  });

  it('begins nothing that must wait when a sync before it failed', async () => {
    await mkdir(join(root, 'mine'));
    const { code, step } = await failure(
      disk.series([
        { do: 'syncFolder', path: join(root, 'nowhere') },
        { do: 'rename', from: join(root, 'mine'), to: join(root, 'yours') },
      ]),
    );
    expect([code, step]).toEqual(['ENOENT', 0]);
    expect(await readdir(root)).toEqual(['mine']);
  });

  it.each([
    ['a check', (): DiskStep => ({ do: 'check', path: join(root, 'no') }), 'ENOENT'],
    ['a folder', (): DiskStep => ({ do: 'makeFolder', path: join(root, 'no', 'a') }), 'ENOENT'],
    ['a link', (): DiskStep => ({ do: 'link', from: join(root, 'no'), to: join(root, 'to') }), 'ENOENT'],
    ['a file', (): DiskStep => ({ do: 'create', path: join(root, 'file'), text: '' }), 'EEXIST'],
    [
      'a size',
      (): DiskStep => ({ do: 'link', from: join(root, 'file'), to: join(root, 'to'), size: 4 }),
      'WRONG_SIZE',
    ],
  ])('tells the failure of %s', async (_what, step, code) => {
    await writeFile(join(root, 'file'), 'five!');
    expect((await failure(disk.series([step()]))).code).toBe(code);
  });
});

describe('a batch', () => {
  it('syncs what was made before anything is renamed, each folder once for all', () => {
    const told: string[] = [];
    const paths = new Map<number, string>();
    const say = (what: string) => (path: fs.PathLike | number) => {
      told.push(`${what} ${typeof path === 'number' ? paths.get(path) : path}`);
    };
    const calls: Calls = {
      ...fs,
      openSync: (path) => {
        paths.set(paths.size, String(path));
        return paths.size - 1;
      },
      closeSync: () => undefined,
      writeFileSync: say('write'),
      mkdirSync: (() => undefined) as Calls['mkdirSync'],
      fdatasyncSync: say('sync'),
      fsyncSync: say('sync'),
      renameSync: (from) => void told.push(`rename ${from}`),
    };
    const save = (i: number): readonly DiskStep[] => [
      { do: 'makeFolder', path: `/s${i}` },
      { do: 'create', path: `/s${i}/raw`, text: 'x' },
      { do: 'syncFolder', path: `/s${i}` },
      { do: 'rename', from: `/s${i}`, to: `/leaf/${i}` },
      { do: 'syncFolder', path: '/leaf' },
    ];
    const answers = runBatch(
      [1, 2].map((number) => ({ number, steps: save(number) })),
      calls,
    );
    expect(answers).toEqual([1, 2].map((number) => ({ number, failure: undefined })));
    expect(told).toEqual([
      ...['write /s1/raw', 'write /s2/raw'],
      ...['sync /s1/raw', 'sync /s1', 'sync /s2/raw', 'sync /s2'],
      ...['rename /s1', 'rename /s2', 'sync /leaf'],
    ]);
  });
});

describe('the threads', () => {
  it('end with the last disk that uses them, after what is under way; then it goes on without', async () => {
    const [one, two] = [new CountingDisk(), new CountingDisk()];
    await threaded(one);
    await threaded(two);
    await one.close();
    const before = two.byHand;
    const names = Array.from({ length: 20 }, (_, i) => `file-${i}`);
    const writes = names.map((name) => two.series([{ do: 'create', path: join(root, name), text: name }]));
    await Promise.all([two.close(), ...writes]);
    expect((await readdir(root)).sort()).toEqual(names.sort());
    await two.series([{ do: 'unlink', path: join(root, 'file-0') }]);
    expect(two.byHand).toBe(before + 1);
    await two.close();
  });
});
