import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectTo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { errors } from 'cassandra-driver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cassandraError } from '../../src/storage/cassandra/cassandra-errors.ts';
import { connect } from '../../src/storage/cassandra/connection.ts';
import cassandra from '../../src/storage/cassandra/index.ts';
import { bytesOf, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import {
  cassandraContext,
  cassandraMissing,
  cassandraOptions,
  cassandraServer,
  dropKeyspace,
  makeKeyspace,
  openCassandra,
} from '../build/cassandra.ts';
import { type Answer, askForPassword, cqlError, cqlNode } from '../build/cql-node.ts';
import { failureOf } from '../build/failure.ts';
import { labelOf } from '../build/leaf.ts';
import { listening } from '../build/listening.ts';

const open = (options: Readonly<Record<string, unknown>>) => cassandra.open(options, cassandraContext);

/** One line that says all of these. */
async function refusal(opening: Promise<unknown>, ...says: readonly RegExp[]): Promise<void> {
  const error = await failureOf(opening);
  for (const words of says) expect(error.message).toMatch(words);
  expect(error.message).not.toContain('\n');
}

describe('cassandra: settings that cannot be right', () => {
  it.each([
    [{ contact_points: '' }, /^contact_points: must name a node/],
    [{ contact_points: 'a b' }, /^contact_points: must be like .* not a b/],
    [{ keyspace: '1st' }, /^keyspace: is a letter/],
    [{ keyspace: 'a"; drop' }, /^keyspace: is a letter/],
    [{ keyspace: '' }, /^keyspace: must be set/],
    [{ port: '99999' }, /^port: /],
    [{ read_consistency: 'each_quorum' }, /^read_consistency: /],
    [{ write_consistency: 'any' }, /^write_consistency: /],
    [{ ttl: '10ms' }, /^ttl: must be at least 1s/],
    [{ ttl: '8000d' }, /^ttl: must be less than 20 years/],
    [{ day_buckets: '0' }, /^day_buckets: /],
    [{ day_buckets: '1025' }, /^day_buckets: /],
    [{ retries: '6' }, /^retries: /],
    [{ chunks_in_flight: '0' }, /^chunks_in_flight: /],
    [{ request_timeout: '0' }, /^request_timeout: /],
    [{ password: 'x' }, /^username: must be set/],
    [{ tls: 'true', tls_cert: '/x' }, /^tls_key: certificate and key go together/],
    [{ tls_ca: '/x' }, /^tls_ca: says nothing without tls=true/],
    [{ replication: 'dc1' }, /^replication: must be like dc1:3/],
    [{ keyspce: 'x' }, /keyspce is not a setting; did you mean keyspace/],
  ])('%j', async (options, says) => {
    await refusal(
      Promise.resolve().then(() => open(options)),
      says,
    );
  });

  it('names what the operator wrote', () => {
    expect(() => cassandra.capabilities({ ttl: 'soon' }, [], labelOf('crashes'))).toThrow(
      /^STORE_CRASHES_TTL: /,
    );
  });
});

describe('cassandra: settings that nodes refuse', () => {
  it('nobody listens there', async () => {
    await refusal(
      open({ contact_points: '127.0.0.1:1' }),
      /ECONNREFUSED/,
      /see contact_points and port \[unavailable\]/,
    );
    await refusal(open({ contact_points: '127.0.0.1', port: '1' }), /127\.0\.0\.1:1: connect ECONNREFUSED/);
  });

  it('no such host', async () => {
    await refusal(open({ contact_points: 'nowhere.invalid' }), /see contact_points/, /\[unavailable\]/);
  });

  const node = async (
    startup: Answer,
    authResponse: Answer | undefined,
    options: object,
    ...says: readonly RegExp[]
  ) => {
    const server = await cqlNode({ startup, ...(authResponse && { authResponse }) });
    try {
      await refusal(open({ contact_points: server.address, ...options }), ...says);
    } finally {
      await server.close();
    }
  };
  const badCredentials = cqlError(0x0100, 'Provided username crash and/or password are incorrect');

  it('a wrong password, which is not shown', async () => {
    const credentials = { username: 'crash', password: 'secret' };
    await node(
      askForPassword,
      badCredentials,
      credentials,
      /see username and password \[permission_denied\]/,
      /^(?!.*secret)/,
    );
  });

  it('no password where one is asked for', () =>
    node(
      askForPassword,
      undefined,
      {},
      /ask for a password: set username and password \[permission_denied\]/,
    ));

  it('a file that is not there', () =>
    refusal(open({ tls: 'true', tls_ca: '/nowhere.pem' }), /tls_ca: ENOENT.*\[invalid\]/));

  it('something else listens there', async () => {
    await using server = await listening(createServer());
    await refusal(
      open({ contact_points: `127.0.0.1:${server.port}`, request_timeout: '1s' }),
      /see .*\btls\b.* \[(unavailable|timeout)\]$/,
    );
  });
});

const RESPONSES: readonly (readonly [number, string, string])[] = [
  [0x0000, 'java.lang.NullPointerException', 'unavailable'],
  [0x0100, 'Bad credentials', 'permission_denied'],
  [0x1000, 'Not enough replicas', 'unavailable'],
  [0x1001, 'Overloaded', 'rate_limited'],
  [0x1002, 'Bootstrapping', 'unavailable'],
  [0x1003, 'Truncate failed', 'unavailable'],
  [0x1100, 'Write timeout', 'timeout'],
  [0x1200, 'Read timeout', 'timeout'],
  [0x1300, 'Read failure', 'unavailable'],
  [0x1500, 'Write failure', 'unavailable'],
  [0x1700, 'CAS write unknown', 'timeout'],
  [0x2000, 'line 1: no viable alternative', 'internal'],
  [0x2100, 'User has no MODIFY permission', 'permission_denied'],
  [0x2200, "Keyspace 'x' does not exist", 'invalid'],
  [0x2200, 'unconfigured table manifest', 'invalid'],
  [0x2200, 'Guardrail data_disk_usage violated: disk usage exceeds failure threshold', 'full'],
  [0x2200, 'Invalid constant', 'internal'],
  [0x2300, 'Unrecognized strategy option', 'invalid'],
];

describe('cassandra: errors', () => {
  it.each(RESPONSES)('response %i (%s) is %s, alone and of every node', (code, message, expected) => {
    const error = new errors.ResponseError(code, message);
    expect(cassandraError('crashes', error)).toMatchObject({
      code: expected,
      cause: error,
      store: 'crashes',
    });
    const all = new errors.NoHostAvailableError({ '10.0.0.1:9042': error });
    expect(cassandraError('crashes', all)).toMatchObject({
      code: expected,
      message: expect.stringContaining('10.0.0.1:9042: '),
    });
  });

  it.each([
    [new errors.OperationTimedOutError('The host did not reply'), 'timeout'],
    [new errors.BusyConnectionError('a', 2048, 1), 'rate_limited'],
    [new errors.AuthenticationError('no'), 'permission_denied'],
    [new errors.NoHostAvailableError({}, 'No host could be resolved'), 'unavailable'],
    [new errors.DriverInternalError('No active connection found'), 'internal'],
    [Object.assign(new Error('connect ECONNRESET'), { code: 'ECONNRESET' }), 'unavailable'],
    [Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' }), 'invalid'],
    [Object.assign(new Error('x'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), 'invalid'],
    [new TypeError('not the driver'), 'internal'],
  ])('%s is %s', (error, code) => {
    expect(cassandraError('crashes', error).code).toBe(code);
  });

  it('says what is wrong for good before what passes', () => {
    const all = new errors.NoHostAvailableError({
      a: new errors.OperationTimedOutError('late'),
      b: new errors.AuthenticationError('no'),
    });
    expect(cassandraError('crashes', all)).toMatchObject({ code: 'permission_denied' });
  });
});

describe.skipIf(cassandraMissing)(
  `cassandra: against a node${cassandraMissing ? ` (skipped: ${cassandraMissing})` : ''}`,
  { timeout: 120_000 },
  () => {
    it('another data centre', () =>
      refusal(
        openCassandra(cassandraOptions({ local_data_center: 'dc9' })),
        /no node is in local_data_center; there are \[datacenter1\] \[invalid\]/,
      ));

    it('TLS to a node without it', () =>
      refusal(openCassandra(cassandraOptions({ tls: 'true' })), /does not talk TLS .*see tls \[invalid\]/));

    it('gives up connecting when its signal aborts, and leaves no connection', async () => {
      const opening = connect('crashes', cassandraOptions(), { signal: AbortSignal.abort() });
      await expect(opening).rejects.toMatchObject({ code: 'aborted' });
    });

    describe('behind TLS', () => {
      let folder: string;
      let server: Server;
      let address: string;
      const sockets = new Set<Socket>();

      beforeAll(async () => {
        folder = mkdtempSync(join(tmpdir(), 'auxilio-cassandra-'));
        const args =
          'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=node';
        const files = [
          '-addext',
          'subjectAltName=DNS:node.example',
          '-keyout',
          'key.pem',
          '-out',
          'cert.pem',
        ];
        execFileSync('openssl', [...args.split(' '), ...files], { cwd: folder, stdio: 'ignore' });
        const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(join(folder, name)));
        const [host = '', port] = cassandraServer().url.split(':');
        server = createServer({ key, cert }, (socket) => {
          const node = connectTo(Number(port), host);
          for (const each of [socket, node]) {
            sockets.add(each);
            each.on('error', () => undefined);
          }
          socket.pipe(node).pipe(socket);
        }).listen(0, '127.0.0.1');
        server.on('tlsClientError', () => undefined);
        await once(server, 'listening');
        address = `127.0.0.1:${(server.address() as { readonly port: number }).port}`;
      });
      afterAll(() => {
        for (const socket of sockets) socket.destroy();
        server?.close();
        rmSync(folder, { recursive: true });
      });

      const tls = (more: object) => ({ contact_points: address, tls: 'true', ...more });

      it('talks to a node whose certificate it can check', async () => {
        const settings = tls({ tls_ca: join(folder, 'cert.pem'), tls_server_name: 'node.example' });
        const options = await makeKeyspace(settings);
        const store = await openCassandra(options);
        const raw = rawCrash();
        await store.saveReport(report(raw, textDump('core', 'over TLS')));
        expect((await bytesOf(await store.readDump(raw.id, 'core'))).toString()).toBe('over TLS');
        await store.close();
        await dropKeyspace(options);
      });

      it('refuses a certificate that nobody it trusts has signed', () =>
        refusal(
          openCassandra(cassandraOptions(tls({}))),
          /certificate is not trusted.*see tls_ca \[invalid\]/,
        ));

      it('refuses the certificate of another', () =>
        refusal(
          openCassandra(cassandraOptions(tls({ tls_ca: join(folder, 'cert.pem') }))),
          /see tls_server_name \[invalid\]/,
        ));

      it('says that TLS may be wanted', () =>
        refusal(
          openCassandra(cassandraOptions({ contact_points: address, request_timeout: '2s' })),
          /nothing answers as Cassandra does; see contact_points, port, tls, request_timeout/,
        ));
    });
  },
);
