import { defineBackend } from '../definition.ts';
import { CASSANDRA_CAPABILITIES } from './capabilities.ts';
import { type CassandraOptions, cassandraStorageSchema, checkOptions } from './settings.ts';

/** The driver takes a while to load, and settings are read without it. */
const driver = () => import('./upkeep.ts');

export default defineBackend<CassandraOptions>({
  use: 'cassandra',
  schema: cassandraStorageSchema,
  capabilities(options) {
    checkOptions(options);
    return CASSANDRA_CAPABILITIES;
  },
  check: checkOptions,
  async open(options, { name, log }, label) {
    const { CassandraStorage } = await import('./cassandra-storage.ts');
    return CassandraStorage.open(name, options, { log, label });
  },
  upkeep: {
    init: async (...given) => (await driver()).init(...given),
    sweep: async (...given) => (await driver()).sweep(...given),
    wipe: async (...given) => (await driver()).wipe(...given),
  },
});
