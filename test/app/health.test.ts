/** What `auxilio config --check` and the heartbeat say of each store. */
import { expect, it } from 'vitest';
import type { App } from '../../src/app/app.ts';
import { storesHealth } from '../../src/app/health.ts';
import { StorageError } from '../../src/storage/errors.ts';

const store = (health: () => Promise<unknown>) => ({ health });

it('lists each store once by name, with its reason', async () => {
  const stores: Readonly<Record<string, ReturnType<typeof store>>> = {
    well: store(async () => ({ degraded: [] })),
    half: store(async () => ({ degraded: ['spare'] })),
    down: store(async () => {
      throw new StorageError('unavailable', 'down', 'nobody answers');
    }),
  };
  const app = {
    configuration: { stores: new Map(Object.keys(stores).map((name) => [name, {}])) },
    stores: async () => ({ get: async (name: string) => stores[name] }),
    queue: async () => {
      throw new Error('it is away');
    },
  } as unknown as App;
  expect(await storesHealth(app)).toEqual({
    well: 'ok',
    half: 'degraded: spare',
    down: 'nobody answers [unavailable]',
    queue: 'it is away',
  });
});
