/** An operator edits the lists while everything runs: `auxilio up` as a process, over HTTP and the command line. */
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  eventually,
  type RunningAuxilio,
  repository,
  runAuxilio,
  startAuxilio,
  temporaryFolder,
} from '../build/running-auxilio.ts';
import { postCrash, SAMPLE_SIGNATURE, sampleDump } from '../build/sample-crash.ts';

/** Each command is a process of its own; the machine may be busy. */
const LIMIT_MS = 120_000;
const WAIT_MS = 30_000;
const PREFIX = 'prefix_signature_re.txt';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let lists: string;
let auxilio: RunningAuxilio | undefined;

beforeEach(async () => {
  folder = await temporaryFolder('auxilio-lists-');
  lists = join(folder.path, 'lists');
  await mkdir(lists);
  await cp(join(repository, 'siglists'), lists, { recursive: true });
});
afterEach(async () => {
  await auxilio?.stop();
  auxilio = undefined;
  await folder.remove();
});

async function start(env: Readonly<Record<string, string>>, services?: string): Promise<RunningAuxilio> {
  auxilio = await startAuxilio({
    dataDir: folder.path,
    env: { ...env, SIGNATURE_LIST_DIR: lists },
    ...(services && { services }),
  });
  return auxilio;
}

const get = async (path: string): Promise<Response> => fetch(`${auxilio?.webUrl}${path}`);
const health = async (): Promise<Readonly<Record<string, unknown>>> =>
  (await get('/__heartbeat__')).json() as Promise<Readonly<Record<string, unknown>>>;

/** Sends the sample; resolves with its id and its signature tab. */
async function crash(): Promise<{ readonly id: string; readonly tab: string }> {
  const { id } = await postCrash(auxilio?.collectorUrl ?? '', await sampleDump());
  const tab = await eventually(
    'the report',
    async () => {
      const text = await (await get(`/report/index/${id}?tab=signature`)).text();
      return text.includes('class="made"') ? text : undefined;
    },
    WAIT_MS,
  );
  return { id, tab };
}

/** As an editor saves: a new file, renamed over the old one. */
async function edit(change: (text: string) => string): Promise<void> {
  const text = await readFile(join(lists, PREFIX), 'utf8');
  await writeFile(join(lists, '.swp'), change(text));
  await rename(join(lists, '.swp'), join(lists, PREFIX));
}

const LINE = '# the caller is at fault, bug 77\ndarkroom::Picture::longest_side$\n';

it.each([
  ['DATA_DIR', {}],
  ['a store', { SIGNATURE_LISTS_STORE: 'crashes' }],
])(
  'lists are edited, broken and repaired while it runs, and each crash is explained by its own, kept in %s',
  {
    timeout: LIMIT_MS,
  },
  async (_where, env) => {
    const { webUrl } = await start(env);
    const before = await crash();
    expect(before.tab).toContain(`class="made"><bdi>${SAMPLE_SIGNATURE}</bdi>`);

    await edit((text) => LINE + text);
    const after = await eventually(
      'the edit to be used',
      async () => {
        const one = await crash();
        return one.tab.includes(`class="made"><bdi>${SAMPLE_SIGNATURE} | `) ? one : undefined;
      },
      WAIT_MS,
    );
    const [, address = '', anchor = ''] =
      /href="(\/siglists\/[0-9a-f]{64})#(prefix[^"]*:2)"/.exec(after.tab) ?? [];
    expect(after.tab).toContain('bug 77');
    expect(await (await fetch(webUrl + address)).text()).toContain(`id="${anchor}"`);

    await edit((text) => `${text}broken(\n`);
    const broken = await eventually(
      'the refusal',
      async () => {
        const { signature_lists: said } = await health();
        return said === 'ok' ? undefined : String(said);
      },
      WAIT_MS,
    );
    expect(broken).toMatch(/^the old lists are in use: .*prefix_signature_re\.txt:\d+: missing \)/);
    expect((await get('/__heartbeat__')).status).toBe(200);
    expect(await (await get('/metrics')).text()).toContain('auxilio_signature_lists_broken 1');
    expect(auxilio?.stderr()).toContain('the edit is refused, the old lists stay in use');
    expect((await crash()).tab).toContain(`class="made"><bdi>${SAMPLE_SIGNATURE} | `);

    await edit((text) => text.replace('broken(\n', '').replace(LINE, ''));
    await eventually(
      'the repair',
      async () => ((await health())['signature_lists'] === 'ok' ? true : undefined),
      WAIT_MS,
    );

    // The lists of today know nothing of that line; the explanation does.
    const options = { dataDir: folder.path, env: { ...env, SIGNATURE_LIST_DIR: lists } };
    const { stdout } = await runAuxilio(['signature', '--explain', after.id], options);
    expect(stdout).toContain(`by ${PREFIX}:2  darkroom::Picture::longest_side$  (bug 77)`);
    expect(await (await fetch(webUrl + address)).text()).toContain('bug 77');
  },
);

it('does not start with lists that cannot be used, and says which line', { timeout: LIMIT_MS }, async () => {
  await edit((text) => `(a+)+b\n${text}`);
  await expect(start({})).rejects.toThrow(
    /prefix_signature_re\.txt:1: catastrophic backtracking .*, as on 'a'/,
  );
});

it('shows pages all the same, and says in its health what is wrong', { timeout: LIMIT_MS }, async () => {
  await edit((text) => `bad(\n${text}`);
  await start({}, 'web');
  expect((await get('/')).status).toBe(200);
  expect(String((await health())['signature_lists'])).toContain('prefix_signature_re.txt:1: missing )');
  await edit((text) => text.replace('bad(\n', ''));
  expect((await health())['signature_lists']).toBe('ok');
});
