/**
 * The collector against a bare server and the bare disk, in turn (figures on shared machines wander, ratios less).
 *
 *     node bench/collector.ts                    five rounds of 5 s each: answers/s, latencies, RSS, ratios
 *     node bench/collector.ts --seconds 60       one long run of the collector: growth of memory
 *     node bench/collector.ts --big              one dump of 1 GB: growth of memory
 *     --rounds 5 --round 5 --kb 400 --annotations 40 --connections 16 --dir FOLDER --prof
 *     --hold                                     nothing is moved to the store while answers are counted
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { NodeDisk } from '../src/lib/disk.ts';
import { type FormPart, multipartBody } from '../src/lib/multipart-writer.ts';
import { emptyFolder } from './lib/emptied-folder.ts';
import { median, percentile, printTable, writeJson } from './lib/report.ts';
import { ServedProcess } from './lib/served.ts';
import { type LoadResult, upload } from './lib/upload-load.ts';

const MiB = 1024 ** 2;
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    round: { type: 'string', default: '5' },
    seconds: { type: 'string' },
    big: { type: 'boolean', default: false },
    kb: { type: 'string', default: '400' },
    annotations: { type: 'string', default: '40' },
    connections: { type: 'string', default: '16' },
    dir: { type: 'string', default: tmpdir() },
    hold: { type: 'boolean', default: false },
    prof: { type: 'boolean', default: false },
  },
});
const connections = Number(options.connections);
const COLLECTOR = join(import.meta.dirname, 'collector-server.ts');
const BARE = join(import.meta.dirname, 'bare-server.ts');

function annotations(count: number): FormPart[] {
  const product = [
    { name: 'ProductName', value: 'Bench' },
    { name: 'Version', value: '1.2.3' },
    { name: 'ReleaseChannel', value: 'release' },
  ];
  const others = Array.from({ length: Math.max(0, count - product.length) }, (_, i) => ({
    name: `Annotation${i}`,
    value: randomBytes(10 + (i % 4) * 20).toString('hex'),
  }));
  return [...product, ...others];
}

async function prepareRequest(): Promise<Buffer> {
  const bytes = randomBytes(Number(options.kb) * 1000);
  const body = multipartBody([
    ...annotations(Number(options.annotations)),
    { name: 'upload_file_minidump', filename: 'crash.dmp', size: bytes.length, chunks: () => [bytes] },
  ]);
  const head =
    `POST /submit HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nContent-Type: ${body.contentType}\r\n` +
    `Content-Length: ${body.length}\r\n\r\n`;
  const chunks: Uint8Array[] = [Buffer.from(head)];
  for await (const chunk of body.chunks()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

await mkdir(options.dir, { recursive: true });
const scratch = await mkdtemp(join(options.dir, 'auxilio-bench-'));

/** Removed with all others at the end, so that no round begins on a disk that is busy removing. */
async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(scratch, 'round-'));
  try {
    return await work(folder);
  } finally {
    await emptyFolder(folder);
  }
}

function start(file: string, folder: string): Promise<ServedProcess> {
  const profiled = options.prof && file === COLLECTOR;
  const flags = profiled ? ['--cpu-prof', '--cpu-prof-dir=bench/results'] : [];
  return ServedProcess.start(file, options.hold ? [folder, 'hold'] : [folder], flags);
}

interface Round extends LoadResult {
  readonly rate: number;
  /** Answers over the time until the last was stored and queued. */
  readonly settledRate: number;
  readonly rss: number;
  /** Milliseconds for each answer, the moving to store and queue included. */
  readonly cpu: number;
}

/** One server under load for some seconds, after a second of warming up. */
const measure = (
  file: string,
  load: { readonly request: Buffer; readonly seconds: number },
): Promise<Round> =>
  withFolder(async (folder) => {
    const server = await start(file, folder);
    try {
      await upload({ ...load, port: server.port, connections, seconds: 1 });
      if (!options.hold) await server.settled();
      const before = await server.memory();
      const startedAt = performance.now();
      const result = await upload({ ...load, port: server.port, connections });
      const held = options.hold ? await server.memory() : undefined;
      await server.settled();
      const settledIn = (performance.now() - startedAt) / 1000;
      const { peak, cpu } = held ?? (await server.memory());
      return {
        ...result,
        rate: result.answers / result.seconds,
        settledRate: result.answers / settledIn,
        rss: peak,
        cpu: ((cpu - before.cpu) * 1000) / result.answers,
      };
    } finally {
      await server.close();
    }
  });

/** Files of the same size written and synced, as many at once: what the disk gives. */
const bareDisk = (bytes: Buffer, seconds: number): Promise<number> =>
  withFolder(async (folder) => {
    const disk = new NodeDisk();
    const startedAt = performance.now();
    let files = 0;
    const writer = async (): Promise<void> => {
      while (performance.now() - startedAt < seconds * 1000) {
        files += 1;
        const file = await disk.open(join(folder, String(files)), 'create');
        await file.write(bytes);
        await Promise.all([file.sync(), disk.syncFolder(folder)]);
        await file.close();
      }
    };
    await Promise.all(Array.from({ length: connections }, writer));
    return files / ((performance.now() - startedAt) / 1000);
  });

const row = (what: string, rounds: readonly Round[]) => {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  return {
    what,
    'answers/s': middle((r) => r.rate),
    'p50 ms': middle((r) => percentile(r.latencies, 0.5)),
    'p95 ms': middle((r) => percentile(r.latencies, 0.95)),
    'p99 ms': middle((r) => percentile(r.latencies, 0.99)),
    'stored+queued/s': middle((r) => r.settledRate),
    'CPU ms/answer': middle((r) => r.cpu),
    'peak RSS MiB': middle((r) => r.rss / MiB),
    failed: rounds.reduce((sum, r) => sum + r.failed, 0),
  };
};

async function compare(): Promise<void> {
  const load = { request: await prepareRequest(), seconds: Number(options.round) };
  const disk: number[] = [];
  const bare: Round[] = [];
  const collector: Round[] = [];
  for (let round = 1; round <= Number(options.rounds); round += 1) {
    disk.push(await bareDisk(load.request, Math.min(2, load.seconds)));
    bare.push(await measure(BARE, load));
    collector.push(await measure(COLLECTOR, load));
    const [d, b, c] = [disk, bare.map((r) => r.rate), collector.map((r) => r.rate)].map(
      (all) => all.at(-1) as number,
    );
    console.log(
      `round ${round}: disk ${d?.toFixed(0)}/s, bare server ${b?.toFixed(0)}/s, collector ${c?.toFixed(0)}/s`,
    );
  }
  const ratios = (of: (round: Round) => number): number =>
    median(collector.map((round, i) => of(round) / (bare[i] as Round).rate));
  const rows = [
    { what: 'bare disk, write + fsync', 'answers/s': median(disk) },
    { ...row('bare HTTP server', bare), 'stored+queued/s': null },
    row('collector', collector),
  ];
  printTable(
    rows,
    `${options.kb} kB dumps, ${options.annotations} annotations, ${connections} at once, medians`,
  );
  const result = {
    'answers / bare server': ratios((r) => r.rate),
    'stored and queued / bare server': ratios((r) => r.settledRate),
  };
  printTable([result], 'ratios, median of the rounds (targets 0.75 and 0.55)');
  console.log(await writeJson('collector', { rows, ratios: result }));
}

async function long(seconds: number): Promise<void> {
  const prepared = await prepareRequest();
  await withFolder(async (folder) => {
    const server = await start(COLLECTOR, folder);
    const samples: { readonly second: number; readonly rss: number; readonly answers: number }[] = [];
    try {
      for (let second = 0; second < seconds; second += 5) {
        const { answers } = await upload({
          port: server.port,
          request: prepared,
          connections,
          seconds: Math.min(5, seconds - second),
        });
        samples.push({ second: second + 5, rss: (await server.memory()).peak / MiB, answers });
      }
      await server.settled();
      const { rss } = await server.memory();
      printTable(samples.map((s) => ({ second: s.second, answers: s.answers, 'peak RSS MiB': s.rss })));
      console.log(`after it is stored and queued: ${(rss / MiB).toFixed(0)} MiB`);
      console.log(await writeJson('collector-long', { samples, settled: rss / MiB }));
    } finally {
      await server.close();
    }
  });
}

async function big(): Promise<void> {
  const size = 1024 ** 3;
  const block = randomBytes(MiB);
  const body = multipartBody([
    ...annotations(40),
    {
      name: 'upload_file_minidump',
      filename: 'crash.dmp',
      size,
      *chunks() {
        for (let sent = 0; sent < size; sent += block.length) yield block;
      },
    },
  ]);
  await withFolder(async (folder) => {
    const server = await start(COLLECTOR, folder);
    try {
      const small = await prepareRequest();
      await upload({ port: server.port, request: small, connections, seconds: 2 });
      await server.settled();
      const before = await server.memory();
      const startedAt = performance.now();
      const text = await post(
        server.port,
        body.contentType,
        body.length,
        Readable.from(body.chunks(), { objectMode: false }),
      );
      const seconds = (performance.now() - startedAt) / 1000;
      await server.settled();
      const { peak } = await server.memory();
      const result = {
        answer: text.trim(),
        'MiB/s': size / MiB / seconds,
        'RSS before MiB': before.rss / MiB,
        'peak RSS MiB': peak / MiB,
        'growth MiB (limit 64)': (peak - before.rss) / MiB,
      };
      printTable([result], 'one dump of 1 GiB, until it is stored and queued');
      console.log(await writeJson('collector-big', result));
    } finally {
      await server.close();
    }
  });
}

async function post(
  port: number,
  type: string,
  length: number | undefined,
  bytes: Readable,
): Promise<string> {
  const headers = { 'content-type': type, ...(length === undefined ? {} : { 'content-length': length }) };
  const sending = request({ port, host: '127.0.0.1', method: 'POST', path: '/submit', headers });
  const answered = new Promise<string>((resolve, reject) => {
    sending.on('error', reject);
    sending.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
  });
  await pipeline(bytes, sending);
  return answered;
}

try {
  if (options.big) await big();
  else if (options.seconds !== undefined) await long(Number(options.seconds));
  else await compare();
} finally {
  await rm(scratch, { recursive: true, force: true });
}
