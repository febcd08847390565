/** The engines that the tests know, in the order in which they are shown. */

import type { EngineName } from '../../test/build/engines.ts';
import cassandra from './cassandra.ts';
import type { EngineDefinition } from './definition.ts';
import elasticsearch from './elasticsearch8.ts';
import elasticsearch9 from './elasticsearch9.ts';
import postgres from './postgres.ts';
import rabbitmq from './rabbitmq.ts';
import swift from './swift.ts';
import toxiproxy from './toxiproxy.ts';
import versitygw from './versitygw.ts';

export const ENGINES: readonly EngineDefinition<EngineName>[] = [
  postgres,
  versitygw,
  rabbitmq,
  cassandra,
  elasticsearch,
  swift,
  elasticsearch9,
  toxiproxy,
];
