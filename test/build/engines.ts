/** The engines that `npm run engines -- up` started: what each says of itself in `.engines/NAME/address.json`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type EngineName =
  | 'cassandra'
  | 'elasticsearch'
  | 'elasticsearch9'
  | 'postgres'
  | 'rabbitmq'
  | 'swift'
  | 'toxiproxy'
  | 'versitygw';

export interface Engine {
  /** `postgres://…`, `amqp://…`, `http://…`; for Cassandra `host:port`. Loopback. */
  readonly url: string;
  readonly version: string;
  /** Of the server itself, to be killed, stopped and gone on with. */
  readonly pid: number;
  /** S3 only. */
  readonly accessKey?: string;
  readonly secretKey?: string;
  /** RabbitMQ only: its management HTTP API, user and password `guest`. */
  readonly management?: string;
}

export type EngineState = Engine | { readonly missing: string };

const folder = join(import.meta.dirname, '../../.engines');

/** The engine, or why it is not there: for a harness's `missing`, or `it.skip`. */
export function engine(name: EngineName): EngineState {
  const file = join(folder, name, 'address.json');
  if (!existsSync(file)) return { missing: `${name} is not running; npm run engines -- up ${name}` };
  return JSON.parse(readFileSync(file, 'utf8')) as EngineState;
}

const TITLES: Readonly<Record<EngineName, string>> = {
  cassandra: 'Cassandra',
  elasticsearch: 'Elasticsearch',
  elasticsearch9: 'Elasticsearch',
  postgres: 'PostgreSQL',
  rabbitmq: 'RabbitMQ',
  swift: 'OpenStack Swift',
  toxiproxy: 'Toxiproxy',
  versitygw: 'Versity S3 gateway',
};

/** For a harness: the server that its cases met, with its version; or why they met none. */
export function servedBy(
  name: EngineName,
): { readonly engine: string; readonly missing?: undefined } | { readonly missing: string } {
  const state = engine(name);
  return 'missing' in state ? state : { engine: `${TITLES[name]} ${state.version}` };
}
