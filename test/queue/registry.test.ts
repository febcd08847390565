import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { queueSuite } from '../../src/queue/index.ts';
import { loadQueueBackend, QUEUES } from '../../src/queue/registry.ts';

const context = { dataDir: '/nowhere', log: silentLog };

describe('queue registry', () => {
  it('has a line for each backend folder, and each calls itself what it is listed as', async () => {
    const folders = readdirSync(join(import.meta.dirname, '../../src/queue'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'conformance')
      .map((entry) => entry.name);
    expect([...QUEUES.keys()].sort()).toEqual(folders.sort());
    for (const [use, load] of QUEUES) expect((await load()).default).toMatchObject({ use, name: use });
  });

  it('says which queues there are when the name is none', async () => {
    await expect(loadQueueBackend('memroy', import.meta.dirname)).rejects.toMatchObject({
      name: 'SettingsError',
      message: expect.stringMatching(
        /^memroy is not a queue \(fs, memory, postgres, rabbitmq\).*did you mean memory\?$/,
      ),
    });
    await expect(loadQueueBackend('./no-such-file.ts', import.meta.dirname)).rejects.toMatchObject({
      name: 'LoadError',
    });
  });

  it('refuses settings that a queue does not have, by the name people gave them', async () => {
    const backend = await loadQueueBackend('memory', import.meta.dirname);
    const label = (key: string): string => `QUEUE_${key.toUpperCase()}`;
    await expect(async () => backend.open({ max_attempt: '3' }, context, label)).rejects.toThrow(
      'QUEUE_MAX_ATTEMPT is not a setting; did you mean QUEUE_MAX_ATTEMPTS?',
    );
  });

  queueSuite(
    { describe, it },
    {
      use: 'from outside',
      lacks: ['another', 'reopen', 'elsewhere'],
      async open(settings) {
        const backend = await loadQueueBackend('./fixtures/outside-queue.ts', import.meta.dirname);
        const queue = await backend.open({ ...settings }, context);
        return { queue, dispose: () => queue.close() };
      },
    },
  );
});
